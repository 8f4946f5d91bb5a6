import { expect, test } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { isRefusal } from '../../src/errors.js';
import { outsideBounds } from '../../src/workflows/carry-bounds.js';
import { considerCarry } from '../../src/workflows/carry-over.js';
import { decide } from '../../src/workflows/decide.js';
import { evolve } from '../../src/workflows/evolve.js';
import { nextYes } from '../../src/workflows/preview.js';
import {
  isDecisionStep,
  nodesOf,
  type DecisionStep,
  type ProcessDefinition,
} from '../../src/workflows/process.js';
import {
  newRequest,
  type Fact,
  type Interest,
  type RequestState,
  type SubjectSnapshot,
  type World,
} from '../../src/workflows/request.js';
import { changedFields } from '../../src/workflows/resubmission.js';
import { MONDAY, OFFICE_HOURS } from '../support/engine-builders.js';
import {
  anyContentOf,
  anyDefinitionFor,
  fullOrganisationOf,
  personName,
} from '../support/generated-processes.js';
import { violations } from '../support/invariants.js';

const RUNS = Number(process.env['FC_RUNS'] ?? 1000);
const SIZE = 6;
const world: World = { now: MONDAY, organisation: fullOrganisationOf(SIZE), calendarOf: () => OFFICE_HOURS };

const subjectOf = (content: Readonly<Record<string, unknown>>): SubjectSnapshot => ({
  type: 'contract',
  id: 'c',
  title: 'C',
  ownerId: personName(0),
  departmentId: 'sales',
  content,
  digest: canonicalize(content) ?? '',
});

interface Told {
  readonly state: RequestState;
  readonly facts: readonly Fact[];
}

/** Submits and lets everyone say yes; null where the route can't be answered or stops. */
function played(definition: ProcessDefinition, command: object, upTo = 500): Told | null {
  try {
    const facts: Fact[] = [];
    let state = newRequest('r', definition, MONDAY);
    const apply = (made: readonly Fact[]): void => {
      facts.push(...made);
      state = made.reduce(evolve, state);
    };
    apply(decide(state, { type: 'submit', comment: null, ...command } as never, world));
    for (let count = 0; count < upTo && state.status === 'PENDING'; count += 1) {
      const yes = nextYes(state, MONDAY);
      if (yes === null) break;
      apply(decide(state, yes, world));
    }
    return { state, facts };
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

const requester = personName(0);
const owner: Interest = { personId: personName(0), because: 'OWNER' };
const cases = fc.record({
  definition: anyDefinitionFor(SIZE),
  content: anyContentOf(SIZE),
  later: anyContentOf(SIZE),
  fields: fc.array(fc.nat(20), { maxLength: 3 }),
  author: fc.nat(SIZE - 1).map(personName),
});

/** Every string in a value of the definition that says where people come from. */
const textsIn = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsIn)
      : [];

/** What the authority tables' rows for the matters named measure, and whom they answer. */
const answersIn = (definition: ProcessDefinition, rules: unknown): string[] =>
  textsIn(
    Object.values(definition.authority ?? {}).flatMap(({ key, rows }) =>
      rows
        .filter(({ matter }) => JSON.stringify(rules).includes(`"table":"${key}","matter":"${matter}"`))
        .map(({ measures, approvers }) => [Object.keys(measures), approvers]),
    ),
  );

/** From scratch: the step says so, or says nothing and so rests on everything, or a rule names the field. */
function touchedByOracle(
  definition: ProcessDefinition,
  step: DecisionStep,
  changed: readonly string[],
): boolean {
  if (changed.length === 0) return false;
  if (step.dependsOn.length === 0) return true;
  const instead = typeof step.onNobody === 'object' ? step.onNobody.assign : [];
  const rules = [step.approvers, instead];
  const tables = JSON.stringify(rules).includes('"rule":"authority"') ? answersIn(definition, rules) : [];
  const texts = [...textsIn(rules), ...tables];
  return changed.some(
    (field) =>
      step.dependsOn.includes(field) ||
      texts.some((text) => text === field || new RegExp(`subject\\.${field}\\b`).test(text)) ||
      (field === 'ownerId' && texts.includes('owner')),
  );
}

test('an edit after approval voids exactly what rested on it; whatever else was approved stands', () => {
  let edits = 0;
  let voids = 0;
  let carries = 0;
  fc.assert(
    fc.property(cases, ({ definition, content, later, fields, author }) => {
      const before = played(definition, { by: requester, subject: subjectOf(content), interests: [owner] });
      if (before?.state.status !== 'APPROVED') return;
      const names = Object.keys(content).toSorted();
      const picked = fields.map((index) => names[index % names.length] as string);
      const edited = { ...content, ...Object.fromEntries(picked.map((name) => [name, later[name]])) };
      const subject = subjectOf(edited);
      const changed = changedFields(before.state.subject, subject);
      const interests: Interest[] = [owner, { personId: author, because: 'LAST_AUTHOR' }];
      const carry = {
        because: 'RE_APPROVAL' as const,
        source: before.state,
        number: 'A-1',
        changed,
        voided: [],
      };
      const after = played(definition, { by: requester, subject, interests, carry });
      if (after === null) return;
      edits += 1;
      const approvedBefore = [...nodesOf(definition.steps)]
        .filter(isDecisionStep)
        .filter(({ key }) => before.state.steps.findLast((step) => step.key === key)?.status === 'APPROVED');
      const fact = after.facts.find((one) => one.type === 'CARRIED_OVER');
      const carried = fact?.type === 'CARRIED_OVER' ? fact.carried : [];
      const touched =
        fact?.type === 'CARRIED_OVER' ? fact.asked.filter(({ reason }) => reason === 'TOUCHED') : [];
      for (const step of approvedBefore) {
        const isTouched = touchedByOracle(definition, step, changed);
        const stands = carried.some((one) => one.step === step.key);
        if (isTouched) expect(stands).toBe(false);
        // Untouched, it stands; unless its turn does not come by now, or who gave it may not any more.
        if (touched.some((one) => one.step === step.key)) expect(isTouched).toBe(true);
        if (!isTouched && !stands) {
          const skipped = after.state.steps.findLast((one) => one.key === step.key);
          const left = fact?.type === 'CARRIED_OVER' && fact.asked.some((one) => one.step === step.key);
          expect(left || skipped?.status === 'SKIPPED' || skipped === undefined).toBe(true);
        }
      }
      if (changed.length === 0) expect(touched).toEqual([]);
      voids += touched.length;
      carries += carried.length;
      // Nobody who gained an interest approves by what they said before.
      if (definition.interest === 'forbid')
        for (const { people, step } of carried) {
          const node = [...nodesOf(definition.steps)].find(({ key }) => key === step);
          if (isDecisionStep(node) && node.onRequester !== 'allow') expect(people).not.toContain(author);
        }
      expect(violations(after.state, after.facts, { startedAt: MONDAY })).toEqual([]);
    }),
    { numRuns: RUNS },
  );
  expect(edits).toBeGreaterThan(RUNS / 10);
  expect(voids).toBeGreaterThan(0);
  expect(carries).toBeGreaterThan(0);
});

test('a request that nobody is asked in says whose approval stands there, and is asked of nobody', () => {
  fc.assert(
    fc.property(cases, ({ definition, content }) => {
      const before = played(definition, { by: requester, subject: subjectOf(content), interests: [owner] });
      if (before?.state.status !== 'APPROVED') return;
      const carry = {
        because: 'RE_APPROVAL' as const,
        source: before.state,
        number: 'A-1',
        changed: [],
        voided: [],
      };
      const again = { by: requester, subject: subjectOf(content), interests: [owner], carry };
      const same = played(definition, again, 0);
      if (same === null) return;
      const { asked } = considerCarry(
        {
          ...newRequest('r', definition, MONDAY),
          requesterId: requester,
          subject: subjectOf(content),
          interests: [owner],
        },
        carry,
        world,
      );
      // Nothing has changed: what is left to ask was never approved, or what it rests on is not the content.
      expect(asked.every(({ reason }) => reason !== 'TOUCHED')).toBe(true);
    }),
    { numRuns: Math.ceil(RUNS / 4) },
  );
});

const line = fc.record({
  description: fc.constantFrom('Pump', 'Hose', 'Valve'),
  quantity: fc.integer({ min: 0, max: 9 }).map((n) => `${n}.00`),
  unitPrice: fc.integer({ min: 0, max: 300 }).map((n) => (n / 100).toFixed(2)),
});
const contentOf = fc.record({
  customerId: fc.constantFrom('k1', 'k2'),
  currency: fc.constantFrom('CNY', 'EUR'),
  projectId: fc.constantFrom('', 'j1', 'j2'),
  exactAmount: fc.integer({ min: 0, max: 500 }).map((n) => (n / 100).toFixed(2)),
  discountPercent: fc.integer({ min: 0, max: 20 }),
  lines: fc.array(line, { maxLength: 4 }),
});

test('what is inside the bounds is never above, cheaper or of others than what was approved', () => {
  let inside = 0;
  fc.assert(
    fc.property(contentOf, fc.oneof(contentOf, fc.constant(null)), (approved, other) => {
      const content = other ?? approved;
      const outside = outsideBounds('CONTRACT', { ...approved, amount: 0 }, { ...content, amount: 0 });
      const expected: string[] = [];
      if (Number(content.exactAmount) > Number(approved.exactAmount)) expected.push('amount', 'exactAmount');
      if (content.currency !== approved.currency) expected.push('currency');
      if (content.customerId !== approved.customerId) expected.push('customerId');
      if (content.discountPercent > approved.discountPercent) expected.push('discountPercent');
      if (approved.projectId !== '' && content.projectId !== approved.projectId) expected.push('projectId');
      const fits = content.lines.every(({ description, unitPrice }) => {
        const offered = approved.lines.filter((one) => one.description === description);
        const sum = (of: typeof offered) => of.reduce((total, { quantity }) => total + Number(quantity), 0);
        return (
          offered.length > 0 &&
          Number(unitPrice) >= Math.min(...offered.map((one) => Number(one.unitPrice))) &&
          sum(content.lines.filter((one) => one.description === description)) <= sum(offered)
        );
      });
      if (!fits) expected.push('lines');
      expect(outside).toEqual(expected.toSorted());
      if (outside.length === 0) inside += 1;
    }),
    { numRuns: RUNS },
  );
  expect(inside).toBeGreaterThan(0);
});
