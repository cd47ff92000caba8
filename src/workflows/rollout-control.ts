import { CancellationScope, condition, isCancellation, setHandler } from '@temporalio/workflow';
import type { Decision } from '../domain/decision.ts';
import { commandRefused } from '../domain/errors.ts';
import type { Spec } from '../domain/spec.ts';
import type { StageLook, StageResult } from '../domain/traffic.ts';
import type { Awaiting } from './gate.ts';
import { commandUpdate, progressQuery, type RolloutCommandInput, type RolloutProgress } from './messages.ts';

/** What of a rollout's control crosses continue-as-new. */
export interface RolloutState {
  stages: StageResult[];
  decisions: Decision[];
  paused: boolean;
  /** The stage that is being held. */
  weight: number;
  startedAt: string;
  pausedMs: number;
}

/** What an operator may say while a rollout runs; rollback wins over everything that is being waited for. */
export class RolloutControl {
  readonly stages: StageResult[];
  readonly decisions: Decision[];
  stage = 0;
  awaiting?: Awaiting;
  rollback?: RolloutCommandInput;
  /** The gateway took the candidate out while a gate was open. */
  trip?: StageResult;
  /** Percent of the traffic that the candidate was last given. */
  held = 0;
  /** Asked for while a stage is held. */
  promotion?: RolloutCommandInput | undefined;
  /** What the last look at the held stage found; undefined between stages. */
  look?: StageLook | undefined;
  paused: boolean;

  constructor({ gates }: Spec, resume?: RolloutState) {
    this.stages = [...(resume?.stages ?? [])];
    this.decisions = [...(resume?.decisions ?? [])];
    this.paused = resume?.paused ?? false;
    this.stage = resume?.weight ?? 0;
    this.held = this.stage;
    setHandler(progressQuery, () => this.progress());
    setHandler(
      commandUpdate,
      (input) => {
        if (input.command === 'rollback') this.rollback = input;
        else if (input.command === 'promote') this.promotion = input;
        else this.paused = input.command === 'pause';
        return this.progress();
      },
      {
        description: 'Pause, resume, promote or roll back; a pause keeps the weight as it is',
        validator: (input) => {
          const { command, by } = input;
          if (!by?.trim()) throw commandRefused('by is required: who says so?');
          if (this.rollback) throw commandRefused(`rolled back already, by ${this.rollback.by}`);
          if (command === 'pause' && this.paused) throw commandRefused('the rollout is paused already');
          if (command === 'resume' && !this.paused) throw commandRefused('the rollout is not paused');
          if (command === 'promote') this.refusePromotion(input, gates);
        },
      }
    );
  }

  progress(): RolloutProgress {
    const { stage, paused, stages, decisions, awaiting } = this;
    if (!this.look) return { stage, paused, stages, decisions, awaiting };
    const { result: _, ...look } = this.look;
    return { stage, paused, stages, decisions, awaiting, look };
  }

  /** A hold ends early where the evidence allows it; without, an approver must say why. */
  private refusePromotion({ by, comment }: RolloutCommandInput, { approvers }: Spec['gates']): void {
    if (this.awaiting) throw commandRefused(`the rollout waits at gate '${this.awaiting.gate}': decide that`);
    if (!this.look) throw commandRefused('no stage is being held; try again once one is');
    if (this.paused) throw commandRefused('the rollout is paused; resume it first');
    if (this.look.proven) return;
    if (!comment?.trim())
      throw commandRefused(`the evidence does not allow it (${this.look.reason}); waive that with --comment "why"`);
    if (!approvers.some(({ name, email }) => email === by || name === by))
      throw commandRefused(
        `'${by}' is no approver, and the evidence does not allow it yet; the approvers are ${approvers.map(({ email }) => email).join(', ')}`
      );
  }

  async whileRunning(): Promise<void> {
    await condition(() => !this.paused || this.rollback !== undefined);
  }

  /** The work's result, or undefined when an operator or the gateway took the candidate out; the work is cancelled then. */
  async unlessRolledBack<T>(work: () => Promise<T>): Promise<T | undefined> {
    const scope = new CancellationScope();
    const running = scope.run(work);
    const isStopped = () => this.rollback !== undefined || this.trip !== undefined;
    const stopped = condition(isStopped).then(() => undefined);
    const result = await Promise.race([running, stopped]);
    if (!isStopped()) return result;
    scope.cancel();
    await running.catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
    return undefined;
  }
}
