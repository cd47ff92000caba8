import { CancellationScope, condition, isCancellation, setHandler } from '@temporalio/workflow';
import type { Decision } from '../domain/decision.ts';
import { commandRefused } from '../domain/errors.ts';
import type { StageResult } from '../domain/traffic.ts';
import type { Awaiting } from './gate.ts';
import { commandUpdate, progressQuery, type RolloutCommandInput, type RolloutProgress } from './messages.ts';

/** What an operator may say while a rollout runs; rollback wins over everything that is being waited for. */
export class RolloutControl {
  readonly stages: StageResult[] = [];
  readonly decisions: Decision[] = [];
  stage = 0;
  awaiting?: Awaiting;
  rollback?: RolloutCommandInput;
  private paused = false;

  constructor() {
    setHandler(progressQuery, () => this.progress());
    setHandler(
      commandUpdate,
      (input) => {
        if (input.command === 'rollback') this.rollback = input;
        else this.paused = input.command === 'pause';
        return this.progress();
      },
      {
        description: 'Pause, resume or roll back; a pause keeps the weight as it is',
        validator: ({ command, by }) => {
          if (!by?.trim()) throw commandRefused('by is required: who says so?');
          if (this.rollback) throw commandRefused(`rolled back already, by ${this.rollback.by}`);
          if (command === 'pause' && this.paused) throw commandRefused('the rollout is paused already');
          if (command === 'resume' && !this.paused) throw commandRefused('the rollout is not paused');
        },
      }
    );
  }

  progress(): RolloutProgress {
    const { stage, paused, stages, decisions, awaiting } = this;
    return { stage, paused, stages, decisions, awaiting };
  }

  async whileRunning(): Promise<void> {
    await condition(() => !this.paused || this.rollback !== undefined);
  }

  /** The work's result, or undefined when an operator rolled back; the work is cancelled then. */
  async unlessRolledBack<T>(work: () => Promise<T>): Promise<T | undefined> {
    const scope = new CancellationScope();
    const running = scope.run(work);
    const stopped = condition(() => this.rollback !== undefined).then(() => undefined);
    const result = await Promise.race([running, stopped]);
    if (this.rollback === undefined) return result;
    scope.cancel();
    await running.catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
    return undefined;
  }
}
