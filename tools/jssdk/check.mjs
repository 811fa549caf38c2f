// Drives a running simulator with the platform's official JavaScript SDK, as a
// customer's own script would drive the platform: login, a conversation details
// job with its pages, a batch request and one download. What arrives is compared
// with the simulator's truth. Exits 1 on the first difference.
//
// EXITPLAN_SIMULATOR_URL   as http://127.0.0.1:1234
// EXITPLAN_CLIENT_ID, EXITPLAN_CLIENT_SECRET   default demo-client, demo-secret
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import sdk from 'purecloud-platform-client-v2';

const url = new URL(process.env.EXITPLAN_SIMULATOR_URL);
const truth = {
  conversations: await lines('/_simulator/truth/conversations'),
  recordings: await lines('/_simulator/truth/recordings'),
};

// The SDK builds https://api.<environment>; its gateway setting is the supported
// way to another scheme, host and port.
const client = sdk.ApiClient.instance;
client.setGateway({ protocol: url.protocol.slice(0, -1), host: url.hostname, port: Number(url.port) });
await client.loginClientCredentialsGrant(
  process.env.EXITPLAN_CLIENT_ID ?? 'demo-client',
  process.env.EXITPLAN_CLIENT_SECRET ?? 'demo-secret',
);
const organization = await new sdk.OrganizationApi().getOrganizationsMe();
assert.equal(organization.state, 'active');

const rows = await detailsJob();
for (const one of truth.conversations) {
  assert.deepEqual(rows.get(one.id), one.row, `conversation ${one.id}`);
}
assert.equal(rows.size, truth.conversations.length);

const wanted = truth.recordings.filter((one) => one.kind === 'ok').slice(0, 100);
const results = await batchRequest(wanted);
for (const one of wanted) {
  const got = results.filter((result) => result.recordingId === one.id);
  assert.equal(got.length, one.results.length, `results of recording ${one.id}`);
}
const media = await download(results[0]);

console.log(JSON.stringify({
  sdk: 'purecloud-platform-client-v2',
  conversations: rows.size,
  recordings: wanted.length,
  results: results.length,
  downloadedBytes: media,
}));

async function detailsJob() {
  const api = new sdk.AnalyticsApi();
  const first = truth.conversations.at(0).start;
  const last = new Date(Date.parse(truth.conversations.at(-1).start) + 1000).toISOString();
  const { jobId } = await api.postAnalyticsConversationsDetailsJobs({ interval: `${first}/${last}` });
  await until(async () => (await api.getAnalyticsConversationsDetailsJob(jobId)).state === 'FULFILLED');
  const found = new Map();
  let cursor;
  let pages = 0;
  do {
    const page = await api.getAnalyticsConversationsDetailsJobResults(jobId, { pageSize: 50, cursor });
    for (const row of page.conversations ?? []) found.set(row.conversationId, row);
    cursor = page.cursor;
    pages += 1;
  } while (cursor);
  assert.ok(pages > 1, 'one page is no test of cursors');
  await api.deleteAnalyticsConversationsDetailsJob(jobId);
  await assert.rejects(api.getAnalyticsConversationsDetailsJob(jobId), (error) => error.status === 404);
  return found;
}

async function batchRequest(recordings) {
  const api = new sdk.RecordingApi();
  const { id } = await api.postRecordingBatchrequests({
    batchDownloadRequestList: recordings.map((one) => ({ conversationId: one.conversationId, recordingId: one.id })),
  });
  let batch;
  await until(async () => (batch = await api.getRecordingBatchrequest(id)).status === 'Completed');
  assert.equal(batch.resultCount, batch.results.length);
  return batch.results;
}

async function download(result) {
  const response = await fetch(result.resultUrl);
  assert.equal(response.status, 200);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const digest = createHash('sha256').update(bytes).digest('hex');
  const recording = truth.recordings.find((one) => one.id === result.recordingId);
  assert.ok(recording.results.some((one) => one.sha256 === digest), `bytes of recording ${result.recordingId}`);
  return bytes.length;
}

async function until(done) {
  for (let i = 0; i < 600; i += 1) {
    if (await done()) return;
    await sleep(50);
  }
  throw new Error('still not done after 30 seconds');
}

async function lines(path) {
  const response = await fetch(new URL(path, url));
  assert.equal(response.status, 200);
  return (await response.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
