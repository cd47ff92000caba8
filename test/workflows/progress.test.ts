import { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { cancel, kickOff } from '../../src/cli/engagements.ts';
import { EXIT } from '../../src/cli/errors.ts';
import { activitiesOf } from '../../src/cli/progress.ts';
import { describeActivity } from '../../src/domain/activity-progress.ts';
import { spec } from './fakes.ts';
import { eventually, namespace, uniqueName, withWorker } from './harness.ts';
import { ref } from './measured.ts';

const SOURCES = { model: ref('fp32'), tokenizer: ref('tokenizer'), data: {} };
const GONE = Object.assign(new Error('14 UNAVAILABLE: gone'), { code: 14, details: 'gone', metadata: {} });

it('says behind what an activity waits whose queue another engagement occupies', async () => {
  const [first, second] = [uniqueName(), uniqueName()];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const prepareData = async () => {
    await released;
    throw new Error('enough is seen');
  };
  const look = async (client: Client) => (await activitiesOf(client, second))[0];
  await withWorker(
    { prepareData },
    async (client) => {
      await kickOff(client, spec(first), SOURCES, 'tester');
      await eventually(async () => (await activitiesOf(client, first)).find(({ waiting }) => !waiting), 'the first');
      await kickOff(client, spec(second), SOURCES, 'tester');
      const behind = await eventually(async () => {
        const found = await look(client);
        return found?.waiting?.behind && found;
      }, 'the wait');
      expect(behind).toMatchObject({
        activity: 'prepareData',
        waiting: { behind: { engagement: first, activity: 'prepareData' } },
      });
      expect(describeActivity(behind)).toMatch(
        new RegExp(
          `^checking model and rows, waits since ..:.. UTC for ${first}, checking model and rows since ..:.. UTC$`
        )
      );
      const cut = new Client({ connection: client.connection, namespace: namespace() });
      cut.workflow.list = () => {
        throw GONE;
      };
      await expect(look(cut)).rejects.toMatchObject({
        exitCode: EXIT.nothingListening,
        message: 'Temporal does not answer',
      });
      for (const name of [first, second]) await cancel(client, name, { by: 'tester', comment: 'seen' });
      release();
    },
    { oneAtATime: true }
  );
});
