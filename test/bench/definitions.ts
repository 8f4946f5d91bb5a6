import { compileProcess, processSchema } from '../../src/workflows/process-file.js';
import type { ProcessDefinition } from '../../src/workflows/process.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';

const P2D = { after: 'P2D', in: 'business' };
const P1D = { after: 'P1D', in: 'business' };

/** Due time, one reminder and a ladder of three rungs, as the contract review of the packs has them. */
const STALLED = {
  due: P2D,
  reminders: [{ when: 'before', offset: P1D }],
  ladder: [
    { after: P1D, action: { do: 'remind' } },
    { after: P1D, action: { do: 'notify', who: [{ rule: 'role', role: 'marketing-director' }] } },
    { after: P2D, action: { do: 'hand-over', who: [{ rule: 'role', role: 'general-manager' }] } },
  ],
};

const compiled = (written: object): ProcessDefinition =>
  compileProcess(
    processSchema.parse({ kind: 'process', version: 1, subjectType: 'CONTRACT', ...written }),
    SUBJECT_TYPES,
  );

/** Two steps, like the contract review of a small contract: the requester's manager, then one of two from finance. */
export const TWO_STEPS = compiled({
  key: 'bench-two-steps',
  title: { en: 'Contract review', zh: '合同评审' },
  guard: 'subject.amount < 0.0',
  steps: [
    {
      key: 'manager-review',
      kind: 'approve',
      title: { en: "Sales manager's review", zh: '销售经理评审' },
      approvers: [{ rule: 'manager', of: 'requester' }],
      formula: 'any',
      ...STALLED,
    },
    {
      key: 'finance-check',
      kind: 'approve',
      title: { en: 'Finance review', zh: '财务评审' },
      approvers: [{ rule: 'role', role: 'finance' }],
      formula: 'any',
      ...STALLED,
    },
  ],
});

export const REVIEWERS = ['reviewer-1', 'reviewer-2', 'reviewer-3', 'reviewer-4', 'reviewer-5'].map(
  (name) => `${name}@bench.local`,
);

const review = (key: string, en: string, emails: readonly string[]): object[] => [
  {
    key,
    kind: 'approve',
    title: { en, zh: en },
    approvers: emails.map((email) => ({ rule: 'user', email })),
    formula: 'all',
    ...STALLED,
  },
];

/** Three steps side by side that ask five people at once, so that a submission writes all of it. */
export const THREE_STEPS = compiled({
  key: 'bench-three-steps',
  title: { en: 'Joint review', zh: '会审' },
  priority: 100,
  steps: [
    {
      key: 'joint-review',
      kind: 'parallel',
      title: { en: 'Joint review', zh: '会审' },
      branches: [
        review('technical-review', 'Technical review', REVIEWERS.slice(0, 2)),
        review('finance-review', 'Finance review', REVIEWERS.slice(2, 4)),
        review('legal-review', 'Legal review', REVIEWERS.slice(4)),
      ],
    },
  ],
});
