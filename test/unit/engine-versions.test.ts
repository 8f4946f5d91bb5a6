import { expect, test } from '@jest/globals';
import { verifyRequest, type AuditEvent } from '../../src/workflows/audit.js';
import { canonicalText, chainDigest, chainStart } from '../../src/workflows/canonical.js';
import { ENGINE_VERSION, ENGINE_VERSIONS } from '../../src/workflows/engine-versions.js';
import { replay } from '../../src/workflows/replay.js';
import type { Fact } from '../../src/workflows/request.js';
import { sealFact, unsealFact } from '../../src/workflows/seal.js';
import { aStep, submitted } from '../support/engine-builders.js';

const story = submitted({ steps: [aStep('review', { by: 'bob cid' })] });
story.approve('bob');
const { definition } = story.request;

const chained = (facts: readonly object[]): { events: AuditEvent[]; head: string } => {
  let head = chainStart('request-1');
  const events = facts.map((fact, index) => {
    const canonical = canonicalText(fact);
    head = chainDigest(head, canonical);
    return { requestId: 'request-1', sequence: index + 1, canonical, digest: head };
  });
  return { events, head };
};
const verify = (facts: readonly object[]): string | undefined => {
  const { events, head } = chained(facts);
  const row = {
    requestId: 'request-1',
    number: 'A-1',
    factCount: facts.length,
    chainHead: head,
    processDigest: '',
  };
  return verifyRequest(row, events)?.problem;
};

test('a stored fact carries the number of the engine that made it, inside what is chained', () => {
  const { canonical } = sealFact(story.facts[0]!, () => '0'.repeat(32));
  expect(JSON.parse(canonical)).toMatchObject({ engine: ENGINE_VERSION });
  expect(unsealFact(canonical, () => undefined).engine).toBe(ENGINE_VERSION);
  expect(ENGINE_VERSIONS.get(ENGINE_VERSION)).toBeDefined();
});

test('facts from before it was written down are version 1: they verify and replay as ever', () => {
  expect(verify(story.facts)).toBeUndefined();
  expect(replay('request-1', definition, story.facts)).toEqual(story.request);
});

test('each fact is lived through by the engine that made it', () => {
  const numbered = story.facts.map((fact): Fact => ({ ...fact, engine: 1 }));
  expect(replay('request-1', definition, numbered)).toEqual(story.request);
  const other = (ENGINE_VERSIONS as Map<number, unknown>).set(7, {
    evolve: (request: { factCount: number }) => ({
      ...request,
      title: 'by seven',
      factCount: request.factCount + 1,
    }),
  });
  try {
    const mixed = numbered.map((fact, index) => (index === 1 ? { ...fact, engine: 7 } : fact));
    expect(replay('request-1', definition, mixed)).toMatchObject({
      title: 'by seven',
      factCount: mixed.length,
    });
  } finally {
    other.delete(7);
  }
});

test.each([9, 0, 'one', null, {}])('a fact of engine %j is named, not a crash', (engine) => {
  const facts = story.facts.map((fact, index) => (index === 1 ? { ...fact, engine } : fact)) as Fact[];
  if (engine === null) return expect(replay('request-1', definition, facts)).toEqual(story.request);
  expect(replay('request-1', definition, facts)).toEqual({ sequence: 2, engine });
  expect(verify(facts)).toBe(`its engine version ${JSON.stringify(engine)} is not known`);
});
