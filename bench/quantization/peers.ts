import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Recipe } from '../../src/domain/recipe.ts';
import { best, optimizationPlan, type PlannedCandidate, ptqPlan, ranked } from '../../src/domain/recipes.ts';
import type { Figure } from '../figure.ts';
import { askPeer, PEER, type PeerName } from './ask-peer.ts';
import { everyRecipe, Judge, type Tried } from './grid.ts';
import { type Newswire, newswire } from './newswire.ts';

const LONGEST_MS = 3_600_000;
/** Those that search need many minutes, of which a quick run has none: it only counts how far they come. */
const QUICK_MS = { made: 120_000, searched: 10_000 };
const WITHIN = 0.95;

/** The same model, rows, margin and host for this search, every recipe there is, and the peers. */
export async function peerFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-peers-'));
  try {
    const data = await newswire(folder, 'none');
    const rows = quick ? 60 : 1_000;
    data.spec.calibration.rows = rows;
    const judge = new Judge(folder, data, quick ? { rounds: 36, blocks: 6 } : { rounds: 200, blocks: 8 });
    await judge.measureBaseline();
    const ours = await stepdown(judge, data);
    const grid: Tried[] = [];
    for (const planned of everyRecipe(rows, quick)) grid.push(await judge.recipe(planned));
    const top = fastest([...grid, ...ours.tried])!;
    const speedup = await judge.sideBySide(ours.chosen.path, data.model);
    const share = top.path === ours.chosen.path ? 1 : await judge.sideBySide(ours.chosen.path, top.path);
    const evaluated = ours.tried.filter(({ isEvaluated }) => isEvaluated).length;
    const cost = `${evaluated} full evaluations, ${minutesOf(ours.tried)} minutes`;
    const gridCost = `${grid.length} recipes, ${grid.filter(({ isEvaluated }) => isEvaluated).length} full evaluations, ${minutesOf(grid)} minutes`;
    return [
      {
        name: `speed of the chosen ${ours.chosen.candidate.id} (${cost}) beside the fastest that holds the margin in a grid (${gridCost})`,
        ...{ value: share, unit: 'x', goal: WITHIN, atLeast: true },
        peer: { name: `${top.candidate.id} to itself`, value: 1 },
      },
      {
        name: 'speed of the chosen candidate beside FP32',
        value: speedup,
        unit: 'x',
        goal: 1,
        atLeast: true,
        peer: null,
      },
      ...(await besidePeers({ judge, data, folder, quick, rows, chosen: ours.chosen, speedup })),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const minutesOf = (tried: Tried[]) => tried.reduce((total, { minutes }) => total + minutes, 0).toFixed(1);

/** The recipes that an engagement tries, chosen from as it chooses. */
async function stepdown(judge: Judge, { spec }: Newswire): Promise<{ tried: Tried[]; chosen: Tried }> {
  const tried: Tried[] = [];
  const tryAll = async (plan: PlannedCandidate[]) => {
    for (const planned of plan) tried.push(await judge.recipe(planned));
  };
  await tryAll(ptqPlan(spec));
  const released = tried.map(({ candidate }) => candidate).filter(({ verdict }) => verdict === 'successful');
  await tryAll(optimizationPlan(spec, ranked(released)));
  const winner = best(tried.map(({ candidate }) => candidate));
  if (!winner) throw new Error('no candidate of the newswire model holds every requirement on this host');
  return { tried, chosen: tried.find(({ candidate }) => candidate.id === winner.id)! };
}

function fastest(tried: Tried[]): Tried | undefined {
  return tried
    .filter(({ candidate }) => candidate.verdict === 'successful')
    .sort((a, b) => b.candidate.figures!.speedup - a.candidate.figures!.speedup)[0];
}

async function besidePeers(run: {
  judge: Judge;
  data: Newswire;
  folder: string;
  quick: boolean;
  rows: number;
  chosen: Tried;
  speedup: number;
}): Promise<Figure[]> {
  const { judge, data, folder, quick, rows, chosen, speedup } = run;
  const { roles, model, spec } = data;
  const figures: Figure[] = [];
  for (const name of Object.keys(PEER) as PeerName[]) {
    const job = {
      ...{ model, rows, margin: spec.quality.marginPoints / 100, output: join(folder, `${PEER[name].script}.onnx`) },
      ...{ calibration: roles.calibration.path, selection: roles.selection.path },
    };
    const said = await askPeer(name, job, quick ? QUICK_MS[PEER[name].searches ? 'searched' : 'made'] : LONGEST_MS);
    const { value, words } = said.path
      ? await worth(judge, name, said.path, chosen.path, speedup)
      : { value: null, words: said.note ?? 'made nothing' };
    const cost = `${said.fullEvaluations} full evaluations, ${said.minutes.toFixed(1)} minutes; ${words}`;
    figures.push({
      name: `speed at the margin beside ${name} (${cost})`,
      ...{ value: speedup, unit: 'x', goal: value === null ? 1 : WITHIN * value, atLeast: true },
      peer: value === null ? null : { name, value },
    });
  }
  return figures;
}

/** A peer's speed-up, where its file holds the margin; there is nothing to compare with where not. */
async function worth(judge: Judge, name: string, path: string, chosen: string, speedup: number) {
  const recipe: Recipe = { toolkit: 'onnxruntime', scheme: 'int8-static' };
  const { candidate } = await judge.judged({ id: name, recipe }, path);
  const drop = `drop ${(100 * candidate.figures!.accuracyDrop).toFixed(2)} points`;
  const speed = speedup / (await judge.sideBySide(chosen, path));
  if (candidate.verdict === 'successful') return { value: speed, words: drop };
  return { value: null, words: `${drop}, ${candidate.verdict} at the margin; ${speed.toFixed(2)}x as fast as FP32` };
}
