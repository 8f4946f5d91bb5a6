import { decide } from '../../src/workflows/decide.js';
import { effectsOf } from '../../src/workflows/effects.js';
import { evolve } from '../../src/workflows/evolve.js';
import { newRequest, type Command, type RequestState, type World } from '../../src/workflows/request.js';
import {
  aDefinition,
  anOrganisation,
  aStep,
  aSubject,
  MONDAY,
  OFFICE_HOURS,
} from '../support/engine-builders.js';
import type { Line } from './report.js';
import { median } from './rounds.js';

const STEPS = 10;
const SIZES = [5, 50] as const;

/** Microseconds per decision over the whole life of a request that everybody of every step approves. */
function lifeOf(assignments: number): { microseconds: number; decisions: number } {
  const names = Array.from({ length: assignments }, (_, index) => `p${index}`);
  const organisation = anOrganisation({
    people: { ann: {}, ...Object.fromEntries(names.map((name) => [name, {}])) },
  });
  const steps = Array.from({ length: STEPS }, (_, index) =>
    aStep(`step-${index + 1}`, { by: names.join(' ') }),
  );
  const definition = aDefinition({ steps });
  const world: World = { now: MONDAY, organisation, calendarOf: () => OFFICE_HOURS };
  let request: RequestState = newRequest('request-1', definition, MONDAY);
  const apply = (command: Command): void => {
    const facts = decide(request, command, world);
    request = facts.reduce(evolve, request);
    effectsOf(request, facts);
  };
  apply({
    type: 'submit',
    by: 'ann',
    subject: aSubject(),
    interests: [{ personId: 'ann', because: 'REQUESTER' }],
    comment: null,
  });
  const startedAt = performance.now();
  let decisions = 0;
  for (
    let open = request.assignments.find((one) => one.status === 'OPEN');
    open;
    open = request.assignments.find((one) => one.status === 'OPEN')
  ) {
    apply({
      type: 'decide',
      by: open.personId,
      ordinal: open.ordinal,
      action: 'APPROVE',
      comment: null,
      evidence: null,
    });
    decisions += 1;
  }
  if (request.status !== 'APPROVED' || decisions !== STEPS * assignments)
    throw new Error(`the request is ${request.status} after ${decisions} decisions`);
  return { microseconds: ((performance.now() - startedAt) * 1000) / decisions, decisions };
}

/** decide + evolve + effectsOf alone, no database: what one decision costs, and how that grows. */
export function benchCore(rounds: number): Line[] {
  const turns = SIZES.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, size] of SIZES.entries()) {
      // as many decisions at either size
      const repeats = (SIZES.at(-1) ?? size) / size;
      const lives = Array.from({ length: repeats }, () => lifeOf(size).microseconds);
      if (round > 0) turns[index]?.push(median(lives));
    }
  }
  const [small = NaN, large = NaN] = turns.map(median);
  const factor = SIZES[1] / SIZES[0];
  return [
    {
      name: `core: one decision, ${STEPS} steps × ${SIZES[1]}`,
      value: large,
      unit: 'µs',
      goal: { atMost: 1000 },
      detail: 'decide + evolve + effectsOf, mean over a whole life of 500 decisions; goal: microseconds',
    },
    {
      name: `core: growth from × ${SIZES[0]} to × ${SIZES[1]}`,
      value: large / small,
      unit: '×',
      goal: { atMost: factor },
      detail: `${small.toFixed(1)} µs → ${large.toFixed(1)} µs; linear in assignments would be ${factor} ×`,
    },
  ];
}
