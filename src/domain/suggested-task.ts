import { TASKS, type TaskName } from './tasks.ts';

/** A task with the settings of `model` that only it has. */
export interface SuggestedTask {
  task: TaskName;
  settings: object;
}

/** What a model of text most likely answers, by the names and axes of its outputs. */
export function suggestedTask(outputs: { name: string; shape: unknown[] }[]): SuggestedTask {
  const names = outputs.map(({ name }) => name);
  if (names.includes('start_logits') && names.includes('end_logits'))
    return { task: 'question-answering', settings: { maximumAnswerTokens: 30 } };
  const [ofTokens, ...others] = outputs.filter(({ shape }) => shape.length === 3);
  if (outputs.some(({ name, shape }) => shape.length === 2 && /embed|vector/.test(name)))
    return { task: 'embeddings', settings: { pooling: 'none', normalize: true } };
  if (ofTokens && others.length === 0 && /hidden|embed/.test(ofTokens.name))
    return { task: 'embeddings', settings: { pooling: 'mean', normalize: true } };
  return { task: 'text-classification', settings: {} };
}

/** The usual metric, and the columns that it reads. */
export function usualOf(task: TaskName): { metric: string; columns: Record<string, string> } {
  const { columns, metrics } = TASKS[task];
  return {
    metric: metrics[0] ?? '',
    columns: task === 'embeddings' ? { id: columns.id, text: TASKS.embeddings.columns.text } : { ...columns },
  };
}
