import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isRefusal } from '../../src/errors.js';
import {
  missingAt,
  movesOf,
  requireGateOpen,
  type FlowMove,
  type Gate,
  type StageDocument,
  type StageNow,
  type StageState,
} from '../../src/workflows/project-flow.js';
import type { DocumentRequirement, ProjectTemplate } from '../../src/workflows/template-file.js';

const requirement = fc.record({
  form: fc.integer({ min: 1, max: 6 }).map((n) => `F-00${n}`),
  alternativesGroup: fc.option(fc.constantFrom('a', 'b'), { nil: null }),
});
const requirements = fc
  .uniqueArray(requirement, { maxLength: 4, selector: ({ form }) => form })
  .map((list): DocumentRequirement[] => list.map((one) => ({ ...one, title: { en: one.form } })));

const template: fc.Arbitrary<ProjectTemplate> = fc
  .array(fc.record({ start: requirements, result: requirements }), { minLength: 1, maxLength: 6 })
  .map((stages) => ({
    key: 'generated',
    version: 1,
    title: { en: 'Generated' },
    stages: stages.map((gates, index) => ({
      ...gates,
      key: `stage-${index + 1}`,
      title: { en: `Stage ${index + 1}` },
      goal: null,
      loopBack: [],
      checklist: [],
    })),
  }));

/** A document that somebody writes, and whether its approval and filing come through. */
const attempt = fc.record({
  stage: fc.integer({ min: 1, max: 6 }).map((n) => `stage-${n}`),
  gate: fc.constantFrom<Gate>('START', 'RESULT'),
  form: fc.integer({ min: 1, max: 6 }).map((n) => `F-00${n}`),
  filed: fc.boolean(),
});

interface Model {
  status: Record<string, StageState>;
  documents: Record<string, StageDocument[]>;
  project: 'DRAFT' | 'RUNNING' | 'COMPLETED';
}

const now = (template: ProjectTemplate, model: Model): StageNow[] =>
  template.stages.map(({ key }) => ({
    key,
    status: model.status[key] as StageState,
    documents: model.documents[key] as StageDocument[],
  }));

function carryOut(model: Model, moves: readonly FlowMove[]): void {
  for (const move of moves) {
    if (move.type === 'STAGE_MOVED') model.status[move.stage] = move.to;
    else model.project = move.type === 'PROJECT_RUNNING' ? 'RUNNING' : 'COMPLETED';
  }
}

const RANK: Record<StageState, number> = { NOT_STARTED: 0, STARTING: 1, RUNNING: 2, CLOSED: 3 };

/** What must hold of every project at every moment. */
function check(template: ProjectTemplate, model: Model): void {
  const states = template.stages.map(({ key }) => model.status[key] as StageState);
  const firstOpen = states.findIndex((state) => state !== 'CLOSED');
  // Strictly in order: closed stages, then at most one that is open, then none that has begun.
  if (firstOpen !== -1) {
    expect(states.slice(firstOpen + 1).every((state) => state === 'NOT_STARTED')).toBe(true);
    expect(states[firstOpen]).not.toBe('NOT_STARTED');
  }
  expect(states.filter((state) => state === 'STARTING' || state === 'RUNNING').length).toBeLessThanOrEqual(1);
  for (const stage of template.stages) {
    const state = model.status[stage.key] as StageState;
    const documents = model.documents[stage.key] as StageDocument[];
    if (RANK[state] >= RANK.RUNNING) expect(missingAt(stage, 'START', documents)).toEqual([]);
    if (state === 'CLOSED') expect(missingAt(stage, 'RESULT', documents)).toEqual([]);
    if (state === 'STARTING') expect(missingAt(stage, 'START', documents)).not.toEqual([]);
    if (state === 'RUNNING') expect(missingAt(stage, 'RESULT', documents)).not.toEqual([]);
  }
  expect(model.project === 'COMPLETED').toBe(firstOpen === -1);
  expect(model.project === 'DRAFT').toBe(states[0] === 'STARTING');
}

function begin(template: ProjectTemplate): Model {
  const model: Model = { status: {}, documents: {}, project: 'DRAFT' };
  for (const { key } of template.stages) {
    model.status[key] = 'NOT_STARTED';
    model.documents[key] = [];
  }
  carryOut(model, movesOf(template, now(template, model)));
  return model;
}

test('stages open strictly in order, one at a time, each behind its own gates, whatever is written', () => {
  fc.assert(
    fc.property(template, fc.array(attempt, { maxLength: 40 }), (template, attempts) => {
      const model = begin(template);
      check(template, model);
      for (const { filed, ...wanted } of attempts) {
        try {
          requireGateOpen(template, now(template, model), wanted);
        } catch (error) {
          if (!isRefusal(error)) throw error;
          expect(['GATE_CLOSED', 'BAD_USER_INPUT', 'NOT_FOUND']).toContain(error.code);
          continue;
        }
        const before = { ...model.status };
        model.documents[wanted.stage]?.push({ form: wanted.form, gate: wanted.gate, effective: filed });
        const moves = movesOf(template, now(template, model));
        if (!filed) expect(moves).toEqual([]);
        carryOut(model, moves);
        for (const { key } of template.stages) {
          expect(RANK[model.status[key] as StageState]).toBeGreaterThanOrEqual(
            RANK[before[key] as StageState],
          );
        }
        expect(
          movesOf(template, now(template, model)).filter(({ type }) => type !== 'PROJECT_RUNNING'),
        ).toEqual([]);
        check(template, model);
      }
    }),
    { numRuns: 500 },
  );
});

test('a project can always be completed by filing what its gates name as missing', () => {
  fc.assert(
    fc.property(template, (template) => {
      const model = begin(template);
      for (const stage of template.stages) {
        for (const gate of ['START', 'RESULT'] as const) {
          for (const { form } of missingAt(stage, gate, model.documents[stage.key] as StageDocument[])) {
            expect(() =>
              requireGateOpen(template, now(template, model), { stage: stage.key, gate, form }),
            ).not.toThrow();
            model.documents[stage.key]?.push({ form, gate, effective: true });
            carryOut(model, movesOf(template, now(template, model)));
          }
        }
      }
      expect(model.project).toBe('COMPLETED');
    }),
    { numRuns: 300 },
  );
});
