import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { verifyExport } from '../../src/workflows/audit-file.js';
import { canonicalText } from '../../src/workflows/canonical.js';
import { signingKeyFromSeed } from '../../src/workflows/checkpoint.js';
import type { Fact } from '../../src/workflows/request.js';
import { ENGINE_VERSION } from '../../src/workflows/engine-versions.js';
import { commitmentsIn, ERASED_TEXT, sealFact, unsealFact } from '../../src/workflows/seal.js';
import { addCheckpoint, forge, linesOf, rechain, type Record } from '../support/audit-record.js';

const RUNS = Number(process.env['FC_RUNS'] ?? 1000);
const KEY = signingKeyFromSeed(Buffer.alloc(32, 1));
const FOREIGN = signingKeyFromSeed(Buffer.alloc(32, 2));

const TYPES = ['STEP_OPENED', 'DECIDED', 'REMINDED', 'STEP_CLOSED', 'NUDGED', 'RETURNED', 'ENDED'];
const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();

/** How many facts each of some requests has when each of some checkpoints is made; the last sees all. */
const anyRecord: fc.Arbitrary<Record> = fc
  .record({
    requests: fc.array(fc.array(fc.nat({ max: TYPES.length - 1 }), { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 8,
    }),
    moments: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 }),
  })
  .map(({ requests, moments }) => {
    const whole = requests.map((types, n) => {
      const requestId = `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
      const head = {
        requestId,
        number: `A-2026-${String(n + 1).padStart(5, '0')}`,
        factCount: 0,
        chainHead: '',
        processDigest: `process ${n % 2}`,
      };
      const events = [...types.entries()].map(([minute, type]) => {
        const canonical = canonicalText({
          at: at(minute),
          by: `p${n}`,
          type: minute === 0 ? 'SUBMITTED' : TYPES[type],
        });
        return { requestId, sequence: 0, canonical, digest: '' };
      });
      return { head, events };
    });
    const record: Record = { requests: [], leaves: [], checkpoints: [] };
    for (const moment of [...moments.toSorted((a, b) => a - b), 99]) {
      record.requests = whole.map(({ head, events }) => ({
        head: { ...head },
        events: events.slice(0, moment).map((event) => ({ ...event })),
      }));
      for (const request of record.requests) rechain(request);
      addCheckpoint(record, KEY, at(1000 + moment));
    }
    return record;
  });

interface Tamper {
  readonly how: number;
  readonly request: number;
  readonly fact: number;
  readonly other: number;
  /** Digests and heads are made to fit. */
  readonly rechained: boolean;
  /** Leaves and checkpoints are made to fit as well, signed by another key. */
  readonly forged: boolean;
}

const anyTamper: fc.Arbitrary<Tamper> = fc.record({
  how: fc.nat({ max: 11 }),
  request: fc.nat(),
  fact: fc.nat(),
  other: fc.nat(),
  rechained: fc.boolean(),
  forged: fc.boolean(),
});

/** What was done, or null when there was nothing to do it to. */
function twist(
  record: Record,
  { how, request: r, fact: f, other: o, rechained, forged }: Tamper,
): string | null {
  const { requests } = record;
  const request = requests[r % requests.length]!;
  const second = requests[o % requests.length]!;
  const { events, head } = request;
  const place = f % events.length;
  const target = o % events.length;
  const event = events[place]!;
  const before = JSON.stringify(record);
  const did = ((): string => {
    switch (how) {
      case 0: {
        event.canonical = event.canonical.replace(/"by":"[^"]*"/, `"by":"x${o}"`);
        return 'edit';
      }
      case 1: {
        events.splice(place, 1);
        return 'delete';
      }
      case 2: {
        // Before some fact: one added at the end with all digests is a new fact, which no checkpoint has seen.
        events.splice(target, 0, {
          ...event,
          canonical: event.canonical.replace(/"by":"[^"]*"/, '"by":"inserted"'),
        });
        return 'insert';
      }
      case 3: {
        [events[place], events[target]] = [events[target]!, events[place]!];
        return 'reorder';
      }
      case 4: {
        events.length = place;
        return 'truncate';
      }
      case 5: {
        const theirs = o % second.events.length;
        [events[place], second.events[theirs]] = [second.events[theirs]!, events[place]!];
        if (rechained) rechain(second);
        return 'swap facts';
      }
      case 6: {
        [request.events, second.events] = [second.events, request.events];
        if (rechained) rechain(second);
        return 'swap histories';
      }
      case 7: {
        for (const one of events.slice(place))
          one.canonical = one.canonical.replace(/"by":"[^"]*"/, '"by":"nobody"');
        return 'rewrite';
      }
      case 8: {
        requests.splice(r % requests.length, 1);
        return 'remove';
      }
      case 9: {
        head.chainHead = events[target]!.digest;
        return 'head';
      }
      case 10: {
        head.processDigest = 'another process';
        return 'process';
      }
      default: {
        head.number = `A-2027-${o}`;
        return 'number';
      }
    }
  })();
  if (rechained && how !== 9) rechain(request);
  if (forged) forge(record, FOREIGN);
  return JSON.stringify(record) === before ? null : did;
}

test('every tampering with a record shows against the checkpoint and the key that were kept elsewhere', async () => {
  const counts = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(anyRecord, anyTamper, async (generated, tamper) => {
      const record = structuredClone(generated);
      const anchor = { checkpoint: structuredClone(record.checkpoints.at(-1)!), publicKey: KEY.publicKey };
      expect((await verifyExport(linesOf(record), anchor)).fault).toBeNull();
      const did = twist(record, tamper);
      fc.pre(did !== null);
      const found = await verifyExport(linesOf(record), anchor).then(
        ({ fault }) => fault,
        (error: Error) => error.message,
      );
      expect(found).not.toBeNull();
      counts.set(did, (counts.get(did) ?? 0) + 1);
    }),
    { numRuns: RUNS },
  );
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(RUNS);
  if (RUNS >= 1000) expect(counts.size).toBe(12);
});

test('a careless edit, deletion or insertion is named by its very place', async () => {
  await fc.assert(
    fc.asyncProperty(anyRecord, fc.nat(), fc.nat(), fc.nat({ max: 2 }), async (generated, r, f, how) => {
      const record = structuredClone(generated);
      const { events, head } = record.requests[r % record.requests.length]!;
      const place = f % events.length;
      if (how === 0) events[place]!.canonical = events[place]!.canonical.replace('"by":"', '"by":"not ');
      if (how === 1) events.splice(place, 1);
      if (how === 2) events.splice(place + 1, 0, { ...events[place]! });
      const { fault } = await verifyExport(linesOf(record));
      expect(fault).toMatchObject({ request: head.number, sequence: how === 2 ? place + 2 : place + 1 });
    }),
    { numRuns: RUNS },
  );
});

const words = fc.string({ minLength: 1, maxLength: 20 }).map((text) => `word ${text}`);
const maybe = fc.option(words);
const date = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
const content = fc.dictionary(
  fc.constantFrom('title', 'comment', 'at', 'amount', 'lines'),
  fc.oneof(
    words,
    fc.integer(),
    date.map((day) => day.toISOString()),
    fc.constant(null),
  ),
);
const anyFact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({
    type: fc.constant('DECIDED'),
    at: date,
    ordinal: fc.nat(),
    by: fc.uuid(),
    decision: fc.constant('APPROVED'),
    comment: maybe,
    evidence: maybe,
  }),
  fc.record({
    type: fc.constant('NUDGED'),
    at: date,
    by: fc.uuid(),
    people: fc.array(fc.uuid()),
    comment: maybe,
  }),
  fc.record({
    type: fc.constant('HANDED_OVER'),
    at: date,
    by: fc.uuid(),
    comment: maybe,
    successor: fc.record({ ordinal: fc.nat(), comment: maybe }),
  }),
  fc.record({
    type: fc.constant('SUBMITTED'),
    at: date,
    by: fc.uuid(),
    comment: maybe,
    subject: fc.record({ type: fc.constant('CONTRACT'), title: words, digest: fc.string(), content }),
  }),
) as never;

test('sealed and unsealed a fact is the same; sealed it holds no words; erased it says so', () => {
  fc.assert(
    fc.property(anyFact, (fact) => {
      let salts = 0;
      const { canonical, texts } = sealFact(fact, () => String((salts += 1)).padStart(32, '0'));
      const values = new Map(texts.map(({ commitment, value }) => [commitment, value]));
      expect(unsealFact(canonical, (commitment) => values.get(commitment))).toEqual({
        ...fact,
        engine: ENGINE_VERSION,
      });
      expect(canonical).not.toContain('word ');
      expect(new Set(commitmentsIn(canonical))).toEqual(new Set(values.keys()));
      const erased = unsealFact(canonical, () => undefined) as unknown as {
        comment: string | null;
        subject?: object;
      };
      const { comment } = fact as { comment: string | null };
      expect(erased.comment).toBe(comment === null ? null : ERASED_TEXT);
      if (erased.subject) expect(erased.subject).toMatchObject({ title: ERASED_TEXT, content: {} });
    }),
    { numRuns: RUNS },
  );
});
