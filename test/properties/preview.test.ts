import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isRefusal } from '../../src/errors.js';
import { decide } from '../../src/workflows/decide.js';
import { evolve } from '../../src/workflows/evolve.js';
import { expectedRoute, openedSteps, routeDifferences } from '../../src/workflows/expected-route.js';
import { nextYes, preview, supposedAtFirst, supposedBy } from '../../src/workflows/preview.js';
import { isDecisionStep, nodesOf, stepOf, type ProcessDefinition } from '../../src/workflows/process.js';
import {
  newRequest,
  type DecisionAction,
  type Fact,
  type RequestState,
  type SubjectSnapshot,
  type World,
} from '../../src/workflows/request.js';
import { parallelsAround } from '../../src/workflows/route.js';
import { MONDAY, OFFICE_HOURS } from '../support/engine-builders.js';
import {
  anyContentOf,
  anyDefinitionFor,
  anyOrganisationOf,
  personName,
} from '../support/generated-processes.js';

const RUNS = Number(process.env['FC_RUNS'] ?? 1000);
const MINUTE = 60_000;
const YES: Readonly<Record<string, DecisionAction>> = {
  approve: 'APPROVE',
  advise: 'ADVISE',
  confirm: 'CONFIRM',
  file: 'FILE',
};

/** A condition that can't be answered, or a choice with nobody to be named: there is no route to foresee. */
const UNANSWERED: ReadonlySet<string> = new Set(['CONDITION_FAILED', 'BAD_USER_INPUT']);

/** Whether the route can hang on who of several decides first: then everyone decides in the order of the preview. */
const hangsOnOrder = (definition: ProcessDefinition): boolean =>
  [...nodesOf(definition.steps)].some(
    (node) =>
      ['"decider"', '"least-loaded"', '"previous-choice"'].some((rule) =>
        JSON.stringify(node).includes(rule),
      ) ||
      (isDecisionStep(node) && node.neverSameAs.length > 0),
  );

const cases = fc.integer({ min: 3, max: 10 }).chain((size) =>
  fc.record({
    definition: anyDefinitionFor(size),
    organisation: anyOrganisationOf(size),
    requester: fc.nat(size - 1).map(personName),
    owner: fc.nat(size - 1).map(personName),
    content: anyContentOf(size),
    departmentId: fc.constantFrom('sales', 'shop', null),
    picks: fc.infiniteStream(fc.nat(1000)),
  }),
);

test('the preview is the executed route while the organisation stands still, whoever decides first', () => {
  let executed = 0;
  fc.assert(
    fc.property(cases, ({ definition, organisation, requester, owner, content, departmentId, picks }) => {
      let minutes = 0;
      const world = (): World => ({
        now: new Date(MONDAY.getTime() + (minutes += 1) * MINUTE),
        organisation,
        calendarOf: () => OFFICE_HOURS,
      });
      const subject: SubjectSnapshot = {
        type: 'contract',
        id: 'c',
        title: 'C',
        ownerId: owner,
        departmentId,
        content,
        digest: '',
      };
      const interests = [{ personId: owner, because: 'OWNER' as const }];
      const facts: Fact[] = [];
      let request: RequestState = newRequest('r', definition, MONDAY);
      const run = (made: readonly Fact[]): void => {
        facts.push(...made);
        request = made.reduce(evolve, request);
      };
      try {
        const expected = preview(definition, { requesterId: requester, subject, interests }, world());
        const submission = { requesterId: requester, subject, interests };
        const choices = supposedAtFirst(request, submission, world());
        const submit = { type: 'submit', by: requester, subject, interests, comment: null, choices } as const;
        run(decide(request, submit, world()));
        const kept = expectedRoute(request, facts, world());
        const anyOrder = !hangsOnOrder(definition);
        const seen = openedSteps(request, facts, world());
        for (let count = 0; count < 500 && request.status === 'PENDING'; count += 1) {
          const open = request.assignments.filter(({ status }) => status === 'OPEN');
          const one = open[(picks.next().value as number) % open.length];
          const step = one && stepOf(definition, one.stepKey);
          if (!one || !isDecisionStep(step)) break;
          const own = {
            type: 'decide',
            by: one.personId,
            ordinal: one.ordinal,
            action: YES[step.kind]!,
            comment: 'y',
            evidence: 'y',
            signedInAt: world().now,
          } as const;
          const command = anyOrder ? own : nextYes(request, world().now);
          if (command === null) break;
          const made = decide(
            request,
            { ...command, choices: supposedBy(request, command, world()) },
            world(),
          );
          run(made);
          seen.push(...openedSteps(request, made, world()));
        }
        const last = new Map(seen.map((step) => [step.key, step]));
        const actual = [...last.values()];
        // What is inside a skipped parallel step has no fact of its own.
        const within = (key: string): boolean =>
          parallelsAround(definition, key).some((outer) => last.get(outer)?.outcome === 'SKIPPED');
        const reached = kept.filter(({ key, outcome }) => outcome !== 'NOT_REACHED' && !within(key));
        expect(reached.map(({ key }) => key).toSorted()).toEqual([...last.keys()].toSorted());
        expect(routeDifferences(reached, actual)).toEqual([]);
        expect(expected.filter(({ key, outcome }) => within(key) && outcome !== 'NOT_REACHED')).toEqual([]);
        for (const step of expected.filter(({ key }) => !within(key))) {
          const found = last.get(step.key);
          expect([step.key, step.outcome, step.reason === 'CHOICE' ? null : step.reason]).toEqual([
            step.key,
            found?.outcome ?? 'NOT_REACHED',
            found?.reason ?? null,
          ]);
        }
        executed += 1;
      } catch (error) {
        if (!isRefusal(error) || !UNANSWERED.has(error.code)) throw error;
      }
    }),
    { numRuns: RUNS },
  );
  expect(executed).toBeGreaterThan(RUNS / 2);
});
