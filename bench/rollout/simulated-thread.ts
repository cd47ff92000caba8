import { parentPort, workerData } from 'node:worker_threads';
import { JOBS, type Seeds } from './simulated-jobs.ts';

const { job, seeds } = workerData as { job: keyof typeof JOBS; seeds: Seeds };
parentPort!.postMessage(JOBS[job](seeds));
