import { bestAnswer, exactMatch, type QuestionTruth, wordF1 } from '../domain/answers.ts';
import { numbersOf } from './classification.ts';
import { readDataset } from './dataset.ts';
import { digestOf } from './digest.ts';
import { ModelOutputInvalid } from './errors.ts';
import { type Outputs, outputsOf, type PredictInput } from './predict.ts';
import { type AnswerColumns, writeAnswers } from './predictions.ts';

/** Finds the answer to every row and scores it; throws `ModelOutputInvalid` naming the row for one without logits. */
export async function predictAnswers(input: PredictInput & { maximumAnswerTokens: number }): Promise<{ rows: number }> {
  const { outPath, signal, onProgress, maximumAnswerTokens, ...asked } = input;
  const { ids, rows } = readDataset(input.dataPath, []);
  const found: AnswerColumns = {
    ids,
    answers: new Array<string>(rows),
    scores: { f1: new Float64Array(rows), 'exact match': new Float64Array(rows) },
    digests: new Float64Array(rows),
  };
  for await (const { row, outputs, data } of outputsOf({ ...asked, order: [...ids.keys()], signal })) {
    const truth = data.cellOf(row) as QuestionTruth;
    const answer = bestAnswer(truth, logitsOf(outputs, truth, ids[row]!), maximumAnswerTokens);
    found.answers[row] = answer;
    found.scores.f1[row] = wordF1(answer, truth.answers);
    found.scores['exact match'][row] = exactMatch(answer, truth.answers);
    found.digests[row] = digestOf(outputs, ids[row]!);
    onProgress?.({ done: row + 1, total: rows });
  }
  signal?.throwIfAborted();
  writeAnswers(outPath, found);
  return { rows };
}

function logitsOf({ start_logits, end_logits }: Outputs, { spans }: QuestionTruth, row: string) {
  if (!start_logits || !end_logits)
    throw new ModelOutputInvalid(`row '${row}': the model gives no start_logits and end_logits`);
  const start = numbersOf(start_logits, row);
  const end = numbersOf(end_logits, row);
  if (start.length !== spans.length || end.length !== spans.length)
    throw new ModelOutputInvalid(
      `row '${row}': ${start.length} start and ${end.length} end logits for ${spans.length} tokens`
    );
  return { start, end };
}
