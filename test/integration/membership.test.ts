import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readDb } from '../../src/entities/read-db.js';
import { publishProcess } from '../support/publish-process.js';
import { requestStory, type RequestStory } from '../support/request-story.js';
import { testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let story: RequestStory;
beforeEach(async () => {
  app = await testApp();
  story = requestStory(app);
  const step = {
    key: 'review',
    kind: 'approve',
    title: 'Review',
    approvers: [{ rule: 'group', key: 'panel' }],
  };
  const before = {
    key: 'first',
    kind: 'approve',
    title: 'First',
    approvers: [{ rule: 'role', role: 'legal' }],
  };
  await publishProcess(app.app.orm.em.fork(), 'by-panel', [before, step]);
});
afterEach(async () => {
  const { errors } = app;
  await app.close();
  expect(errors).toEqual([]);
});

const GROUP = 'group { key title version changedBecause members { email } }';
const CREATE = `mutation ($input: CreateApprovalGroupInput!) { createApprovalGroup(input: $input) { ${GROUP} } }`;
const SET = `mutation ($input: SetGroupMembersInput!) { setGroupMembers(input: $input) { ${GROUP} impact { requests { request { id } steps } definitions { key } } } }`;
const LIST = '{ approvalGroups { key version members { email } } }';
const GRANT = 'mutation ($input: GrantRoleInput!) { grantRole(input: $input) { person { email } } }';
const REVOKE =
  'mutation ($input: RevokeRoleInput!) { revokeRole(input: $input) { person { email } changedBecause } }';

test('a group is made and given its members over the API; a change that strands approvals is refused unless forced', async () => {
  const [tech, finance] = [await app.person('tech'), await app.person('finance')];
  const input = { key: 'panel', titleEn: 'Panel', titleZh: '评审组', memberIds: [tech] };
  expect(await app.refusal('manager', CREATE, { input })).toBe('FORBIDDEN');
  expect(await app.refusal('admin', CREATE, { input: { ...input, key: 'No Key' } })).toBe('BAD_USER_INPUT');
  expect(await app.ask('admin', CREATE, { input })).toMatchObject({
    createApprovalGroup: { group: { key: 'panel', version: 1, members: [{ email: 'tech@demo.local' }] } },
  });
  expect(await app.refusal('admin', CREATE, { input })).toBe('BAD_USER_INPUT');
  const id = await story.submit('by-panel');

  const empty = { key: 'panel', expectedVersion: 1, memberIds: [] };
  const { setGroupMembers } = await app.ask<{ setGroupMembers: object }>('admin', SET, {
    input: { ...empty, dryRun: true },
  });
  expect(setGroupMembers).toMatchObject({
    group: { version: 1 },
    impact: { requests: [{ request: { id }, steps: ['review'] }], definitions: [{ key: 'by-panel' }] },
  });
  const refused = await app.send('admin', SET, { input: empty });
  expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'STRANDS_APPROVALS', openRequests: 1 });
  expect(await app.refusal('admin', SET, { input: { ...empty, force: true } })).toBe('BAD_USER_INPUT');

  const swap = { key: 'panel', expectedVersion: 1, memberIds: [finance], idempotencyKey: 'swap' };
  await app.ask('admin', SET, { input: swap });
  await app.ask('admin', SET, { input: swap });
  expect(await app.refusal('admin', SET, { input: { ...swap, idempotencyKey: null } })).toBe('CONFLICT');
  await story.act('legal', 'approve', id);
  expect(await story.asked(id)).toEqual(['finance']);
  const forced = { ...empty, expectedVersion: 2, force: true, reason: 'the panel is dissolved' };
  expect(await app.ask('admin', SET, { input: forced })).toMatchObject({
    setGroupMembers: { group: { version: 3, members: [], changedBecause: 'the panel is dissolved' } },
  });
  const { approvalGroups } = await app.ask<{ approvalGroups: { key: string }[] }>('manager', LIST);
  expect(approvalGroups.find(({ key }) => key === 'panel')).toEqual({
    key: 'panel',
    version: 3,
    members: [],
  });
  const other = await app.refusal('admin', SET, { input: { ...empty, key: 'nobody', expectedVersion: 1 } });
  expect(other).toBe('NOT_FOUND');
});

test('a role is granted and revoked over the API; the last holder of one that approvals need keeps it unless forced', async () => {
  const [tech, legal] = [await app.person('tech'), await app.person('legal')];
  const last = { personId: legal, roleKey: 'legal' };
  expect(await app.refusal('sales', GRANT, { input: { personId: tech, roleKey: 'legal' } })).toBe(
    'FORBIDDEN',
  );
  expect(await app.refusal('admin', REVOKE, { input: last })).toBe('LAST_HOLDER');
  await app.ask('admin', GRANT, { input: { personId: tech, roleKey: 'legal' } });
  expect(await app.ask('admin', REVOKE, { input: last })).toEqual({
    revokeRole: { person: { email: 'legal@demo.local' }, changedBecause: null },
  });
  expect(await app.refusal('admin', REVOKE, { input: last })).toBe('NOT_FOUND');
  await app.ask('admin', CREATE, { input: { key: 'panel', titleEn: 'Panel', memberIds: [legal] } });
  expect(await story.asked(await story.submit('by-panel'))).toEqual(['tech']);
  const only = { personId: tech, roleKey: 'legal', force: true };
  expect(await app.refusal('admin', REVOKE, { input: only })).toBe('BAD_USER_INPUT');
  expect(await app.ask('admin', REVOKE, { input: { ...only, reason: ' outsourced ' } })).toMatchObject({
    revokeRole: { changedBecause: 'outsourced' },
  });
  const kept = await readDb(app.app.orm.em.fork())
    .selectFrom('role')
    .select(['key', 'changed_because'])
    .where('changed_because', 'is not', null)
    .execute();
  expect(kept).toEqual([{ key: 'legal', changed_because: 'outsourced' }]);
  const bad = { personId: tech, roleKey: 'legal', until: '2020-01-01T00:00:00.000Z' };
  expect(await app.refusal('admin', GRANT, { input: bad })).toBe('BAD_USER_INPUT');
  expect(await app.refusal('admin', GRANT, { input: { personId: tech, roleKey: 'none' } })).toBe('NOT_FOUND');
});
