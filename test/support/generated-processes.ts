import fc from 'fast-check';
import type { AuthorityTable } from '../../src/workflows/authority.js';
import type { FieldTypes } from '../../src/workflows/condition.js';
import type { Formula } from '../../src/workflows/formula.js';
import type {
  Absence,
  Department,
  Organisation,
  Person,
  RoleGrant,
} from '../../src/workflows/organisation.js';
import {
  isDecisionStep,
  nodesOf,
  type ApproverRule,
  type DecisionStep,
  type ProcessDefinition,
  type Reminder,
  type Rung,
  type StepNode,
} from '../../src/workflows/process.js';
import { DAY, MONDAY } from './engine-builders.js';

/** Organisations and definitions for generated tests: of every shape that the checker lets pass, and some it warns of. */

const ROLES = ['finance', 'legal', 'director'] as const;
const DEPARTMENTS = ['company', 'sales', 'finance', 'shop'] as const;
export const FIELDS: FieldTypes = {
  amount: 'double',
  count: 'int',
  urgent: 'bool',
  kind: 'string',
  lead: 'string',
  note: 'string',
};

export const personName = (index: number): string => `p${index}`;
const oneIn = (often: number): fc.Arbitrary<boolean> => fc.nat(often - 1).map((value) => value === 0);
const anyOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const instant = fc.integer({ min: -5, max: 30 }).map((days) => new Date(MONDAY.getTime() + days * DAY));

/** Three to twelve people in a department tree, with loops of managers, leavers, expired roles, chains of absences. */
export const anyOrganisationOf = (size: number): fc.Arbitrary<Organisation> => {
  const someone = fc.nat(size - 1).map(personName);
  const perhaps = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 3 });
  const person = fc.record({
    active: oneIn(9).map((gone) => !gone),
    departmentId: perhaps(anyOf(DEPARTMENTS)),
    managerId: perhaps(someone),
  });
  const grant = fc.record({
    role: anyOf(ROLES),
    personId: someone,
    departmentId: fc.option(anyOf(DEPARTMENTS)),
    until: fc.option(instant, { freq: 2 }),
  });
  const absence = fc.record({
    personId: someone,
    substituteId: perhaps(someone),
    from: instant,
    days: fc.integer({ min: 1, max: 20 }),
    processKeys: anyOf([[], [], ['generated'], ['other']] as const),
  });
  const heads = fc.tuple(...DEPARTMENTS.map(() => perhaps(someone)));
  const parents = fc.tuple(
    ...DEPARTMENTS.map((_, index) => fc.option(fc.nat(Math.max(0, index - 1)), { freq: 6 })),
  );
  return fc
    .record({
      people: fc.array(person, { minLength: size, maxLength: size }),
      grants: fc.array(grant, { maxLength: 8 }),
      absences: fc.array(absence, { maxLength: 5 }),
      heads,
      parents,
      board: fc.uniqueArray(someone, { maxLength: 4 }),
    })
    .map(({ people, grants, absences, heads: headIds, parents: above, board }) => ({
      revision: 1,
      groups: new Map([['board', board]]),
      people: new Map(
        people.map((one, index): [string, Person] => {
          const id = personName(index);
          return [id, { id, name: id, email: `${id}@example.test`, ...one }];
        }),
      ),
      departments: new Map(
        DEPARTMENTS.map((id, index): [string, Department] => {
          const up = above[index];
          const parentId = index === 0 || up === null || up === undefined ? null : (DEPARTMENTS[up] ?? null);
          return [
            id,
            { id, key: id, name: id, parentId, headId: headIds[index] ?? null, calendarKey: calendarOf(id) },
          ];
        }),
      ),
      grants: new Map(
        ROLES.map((role): [string, RoleGrant[]] => [
          role,
          grants.filter((one) => one.role === role).map(({ role: _role, ...row }) => row),
        ]),
      ),
      absences: absences.map(({ days, ...row }): Absence => ({
        ...row,
        until: new Date(row.from.getTime() + days * DAY),
      })),
    }));
};

/** One department has a calendar of its own. */
const calendarOf = (department: string): string | null => (department === DEPARTMENTS[1] ? 'east' : null);

/** Everybody is there and holds every role: what was blocked for want of people can go on. */
export const fullOrganisationOf = (size: number): Organisation => {
  const ids = Array.from({ length: size }, (_, index) => personName(index));
  return {
    revision: 2,
    people: new Map(
      ids.map((id, index): [string, Person] => [
        id,
        {
          id,
          name: id,
          email: `${id}@example.test`,
          active: true,
          departmentId: DEPARTMENTS[index % DEPARTMENTS.length] ?? null,
          managerId: personName((index + 1) % size),
        },
      ]),
    ),
    departments: new Map(
      DEPARTMENTS.map((id, index): [string, Department] => {
        const headId = personName((index * 2) % size);
        return [
          id,
          {
            id,
            key: id,
            name: id,
            parentId: DEPARTMENTS[index - 1] ?? null,
            headId,
            calendarKey: calendarOf(id),
          },
        ];
      }),
    ),
    grants: new Map(
      ROLES.map((role): [string, RoleGrant[]] => [
        role,
        ids.map((personId) => ({ personId, departmentId: null, until: null })),
      ]),
    ),
    absences: [],
    groups: new Map([['board', ids.slice(0, 4)]]),
  };
};

const personSource = fc.oneof(
  { weight: 2, arbitrary: fc.constant('requester' as const) },
  { weight: 1, arbitrary: fc.constant('owner' as const) },
  { weight: 1, arbitrary: fc.constant({ field: 'lead' }) },
);

/** Steps name other steps by a number that is resolved when the keys are known. */
const stepNumber = fc.nat(20).map((number) => `#${number}`);

const ruleOf = (size: number): fc.Arbitrary<ApproverRule> => {
  const of = anyOf(['requester', 'subject'] as const);
  const bare = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        rule: fc.constant('user' as const),
        email: fc.nat(size - 1).map((index) => `${personName(index)}@example.test`),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        rule: fc.constant('role' as const),
        role: anyOf(ROLES),
        in: anyOf(['anywhere', 'subject-department', 'nearest'] as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ rule: fc.constant('head' as const), of, up: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ rule: fc.constant('members' as const), of }) },
    {
      weight: 1,
      arbitrary: fc.record({
        rule: fc.constant('manager' as const),
        of: personSource,
        up: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record(
        {
          rule: fc.constant('managers' as const),
          of: personSource,
          levels: fc.integer({ min: 1, max: 3 }),
          untilRole: anyOf(ROLES),
        },
        { requiredKeys: ['rule', 'of'] },
      ),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        rule: fc.constant('field' as const),
        field: fc.constant('lead'),
        take: anyOf(['person', 'manager', 'head'] as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ rule: fc.constant('decider' as const), step: stepNumber }) },
    { weight: 1, arbitrary: fc.constant({ rule: 'group' as const, key: 'board' }) },
    {
      weight: 1,
      arbitrary: anyOf(EXPRESSIONS).map((people) => ({ rule: 'expression' as const, people })),
    },
    {
      weight: 1,
      arbitrary: anyOf(['spending', 'hiring']).map((matter) => ({
        rule: 'authority' as const,
        table: 'manual',
        matter,
      })),
    },
  );
  const share = fc.record({
    group: fc.option(anyOf(['a', 'b']), { nil: undefined }),
    weight: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    veto: fc.option(fc.boolean(), { nil: undefined }),
  });
  return fc.tuple(bare, share).map(([rule, extra]) => ({ ...rule, ...extra }));
};

const EXPRESSIONS = [
  'managers(requester.id, 2)',
  'holders("finance")',
  'group("board") + [subject.lead]',
  'subject.amount > 100.0 ? head("sales") : members("sales")',
] as const;

/** A manual with a gap: hiring is decided below 100 only. */
const MANUAL: AuthorityTable = {
  key: 'manual',
  title: { en: 'Manual' },
  rows: [
    {
      matter: 'spending',
      level: {},
      measures: { amount: { below: 100 } },
      approvers: [{ rule: 'head', of: 'subject', up: 0 }],
    },
    {
      matter: 'spending',
      level: { from: 2 },
      measures: {},
      approvers: [{ rule: 'role', role: 'finance', in: 'nearest' }],
    },
    {
      matter: 'spending',
      level: {},
      measures: {},
      approvers: [
        { rule: 'role', role: 'director', in: 'anywhere' },
        { rule: 'group', key: 'board' },
      ],
    },
    {
      matter: 'hiring',
      level: {},
      measures: { amount: { below: 100 } },
      approvers: [{ rule: 'members', of: 'subject' }],
    },
  ],
};

/** Among a step's own approvers people may be chosen, share a turn, or be taken by what they have to do. */
const approverOf = (size: number): fc.Arbitrary<ApproverRule> => {
  const of = fc.array(ruleOf(size), { minLength: 1, maxLength: 3 });
  const bounds = {
    among: fc.option(of, { freq: 2 }),
    min: fc.nat(1),
    max: fc.integer({ min: 1, max: 3 }),
  };
  return fc.oneof(
    { weight: 8, arbitrary: ruleOf(size) },
    { weight: 2, arbitrary: fc.record({ rule: fc.constant('pool' as const), of }) },
    {
      weight: 1,
      arbitrary: fc.record({
        rule: fc.constant('least-loaded' as const),
        of,
        count: fc.integer({ min: 1, max: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ rule: fc.constant('requester-choice' as const), ...bounds }) },
    {
      weight: 1,
      arbitrary: fc.record({ rule: fc.constant('previous-choice' as const), from: stepNumber, ...bounds }),
    },
  );
};

const formula: fc.Arbitrary<Formula> = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: anyOf([{ mode: 'all' }, { mode: 'any' }, { mode: 'ordered' }] as const) },
      {
        weight: 1,
        arbitrary: fc.record({ mode: fc.constant('m-of-n' as const), m: fc.integer({ min: 1, max: 3 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ mode: fc.constant('ratio' as const), percent: anyOf([1, 34, 50, 67, 100]) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          mode: fc.constant('weighted' as const),
          threshold: fc.integer({ min: 1, max: 5 }),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ mode: 'per-group' } as const) },
    ),
    anyOf(['veto', 'veto', 'majority', 'veto-holders', { weightedNo: 2 }] as const),
  )
  .map(([mode, rejection]): Formula => ({ ...mode, rejection }));

const dueRule = anyOf([
  { after: 'P1D', in: 'calendar' },
  { after: 'PT4H', in: 'business' },
  { after: 'P2D', in: 'business' },
] as const);

const rungOf = (size: number): fc.Arbitrary<Rung> => {
  const who = fc.array(ruleOf(size), { minLength: 1, maxLength: 2 });
  return fc.record({
    after: dueRule,
    action: fc.oneof(
      { weight: 1, arbitrary: fc.constant({ do: 'remind' } as const) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('notify' as const), who }) },
      { weight: 2, arbitrary: fc.record({ do: anyOf(['add', 'hand-over'] as const), who }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('decide' as const),
          verdict: anyOf(['APPROVE', 'REJECT', 'RETURN'] as const),
        }),
      },
    ),
  });
};

const CONDITIONS = [
  'subject.amount > 100.0',
  'subject.count < 3 || subject.urgent',
  'subject.kind == "a"',
  '"finance" in requester.roles',
  'requester.department == "sales"',
  'round > 1',
  'subject.note == "x"',
] as const;
const condition = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: anyOf(CONDITIONS) },
);

const decisionStepOf = (size: number): fc.Arbitrary<DecisionStep> => {
  const rules = fc.array(approverOf(size), { minLength: 1, maxLength: 4 });
  const reminder: fc.Arbitrary<Reminder> = fc.record({
    when: anyOf(['before', 'after'] as const),
    offset: dueRule,
  });
  return fc.record({
    key: fc.constant(''),
    title: fc.constant({ en: 'Step' }),
    when: condition,
    kind: anyOf(['approve', 'approve', 'approve', 'approve', 'advise', 'confirm', 'file'] as const),
    approvers: rules,
    formula,
    onRejection: anyOf(['end', 'return', 'return'] as const),
    onNobody: fc.oneof(
      { weight: 4, arbitrary: anyOf(['block', 'block', 'skip', 'skip', 'skip', 'reject'] as const) },
      { weight: 1, arbitrary: rules.map((assign) => ({ assign })) },
    ),
    onRequester: anyOf([
      'manager',
      'manager',
      'manager',
      'manager',
      'skip',
      'skip',
      'skip',
      'allow',
      'allow',
      'allow',
      'block',
    ] as const),
    onRepeat: anyOf(['ask', 'carry', 'carry-if-adjacent'] as const),
    neverSameAs: fc.oneof(
      { weight: 5, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(stepNumber, { minLength: 1, maxLength: 2 }) },
    ),
    dependsOn: fc.subarray(['amount', 'kind', 'lead'], { maxLength: 2 }),
    due: fc.option(dueRule, { freq: 2 }),
    reminders: fc.array(reminder, { maxLength: 2 }),
    ladder: fc.array(rungOf(size), { maxLength: 3 }),
    requireComment: anyOf(['never', 'on-rejection', 'always'] as const),
    delegation: anyOf(['counts', 'confirm', 'forbidden'] as const),
    transfer: anyOf(['allowed', 'allowed', 'forbidden'] as const),
    onQuestion: anyOf(['pause', 'pause', 'run'] as const),
    editable: fc.subarray(['amount', 'kind', 'lead', 'note'], { maxLength: 3 }),
    requireFreshSignIn: anyOf([null, null, null, 30] as const),
  });
};

const nodeOf = (size: number, depth: number): fc.Arbitrary<StepNode> => {
  const decision = decisionStepOf(size);
  const notify = fc.array(ruleOf(size), { minLength: 1, maxLength: 2 }).map((recipients): StepNode => ({
    key: '',
    kind: 'notify',
    title: { en: 'Told' },
    when: null,
    recipients,
  }));
  if (depth === 0) {
    return fc.oneof({ weight: 9, arbitrary: decision }, { weight: 1, arbitrary: notify });
  }
  const inside = nodeOf(size, depth - 1);
  const parallel = fc
    .record({
      when: condition,
      branches: fc.array(fc.array(inside, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 3 }),
    })
    .map(({ when, branches }): StepNode => ({
      key: '',
      kind: 'parallel',
      title: { en: 'Both' },
      when,
      branches,
    }));
  return fc.oneof(
    { weight: 6, arbitrary: decision },
    { weight: 1, arbitrary: notify },
    { weight: 3, arbitrary: parallel },
  );
};

/** A tree with keys in reading order; references point to a step before, or nowhere when there is none. */
function withKeys(nodes: readonly StepNode[]): readonly StepNode[] {
  let count = 0;
  const name = (list: readonly StepNode[]): readonly StepNode[] =>
    list.map((node) => {
      const key = `s${(count += 1)}`;
      return node.kind === 'parallel'
        ? { ...node, key, branches: node.branches.map(name) }
        : { ...node, key };
    });
  const named = name(nodes);
  const decisions = [...nodesOf(named)].filter(isDecisionStep).map((node) => node.key);
  const link = (list: readonly StepNode[]): readonly StepNode[] =>
    list.map((node): StepNode => {
      if (node.kind === 'parallel') return { ...node, branches: node.branches.map(link) };
      const before = decisions.filter((key) => Number(key.slice(1)) < Number(node.key.slice(1)));
      const resolve = (text: string): string =>
        before[Number(text.slice(1)) % Math.max(1, before.length)] ?? 's0';
      const relink = (rules: readonly ApproverRule[]): ApproverRule[] =>
        rules.map((rule): ApproverRule => {
          switch (rule.rule) {
            case 'decider':
              return { ...rule, step: resolve(rule.step) };
            case 'previous-choice':
              return { ...rule, from: resolve(rule.from), among: rule.among && relink(rule.among) };
            case 'requester-choice':
              return { ...rule, among: rule.among && relink(rule.among) };
            case 'pool':
            case 'least-loaded':
              return { ...rule, of: relink(rule.of) };
            default:
              return rule;
          }
        });
      if (node.kind === 'notify') return { ...node, recipients: relink(node.recipients) };
      return {
        ...node,
        approvers: relink(node.approvers),
        onNobody:
          typeof node.onNobody === 'object' ? { assign: relink(node.onNobody.assign) } : node.onNobody,
        neverSameAs: node.neverSameAs.map(resolve).filter((key) => key !== 's0'),
        ladder: node.ladder.map((rung) =>
          'who' in rung.action ? { ...rung, action: { ...rung.action, who: relink(rung.action.who) } } : rung,
        ),
      };
    });
  return link(named);
}

/** Trees of all step kinds, parallel steps nested up to three deep, every rule, formula and policy. */
export const anyDefinitionFor = (size: number): fc.Arbitrary<ProcessDefinition> =>
  fc
    .record({
      nodes: fc.array(
        fc.oneof(
          { weight: 4, arbitrary: nodeOf(size, 0) },
          { weight: 3, arbitrary: nodeOf(size, 1) },
          { weight: 1, arbitrary: nodeOf(size, 3) },
        ),
        { minLength: 2, maxLength: 5 },
      ),
      interest: oneIn(8).map((allowed): 'allow' | 'forbid' => (allowed ? 'allow' : 'forbid')),
      withdrawal: fc.oneof(
        anyOf(['until-first-decision', 'any-time'] as const),
        fc.nat(10).map((number) => ({ untilStep: `#${number}` })),
      ),
      resubmission: anyOf(['restart', 'continue', 'changed-only'] as const),
      expires: fc.option(
        anyOf([
          { after: 'P3D', in: 'calendar' },
          { after: 'PT6H', in: 'business' },
        ] as const),
        { freq: 2 },
      ),
    })
    .map(({ nodes, withdrawal, ...rest }) => {
      const steps = withKeys(nodes);
      const keys = [...nodesOf(steps)].map((node) => node.key);
      const until = typeof withdrawal === 'object' ? Number(withdrawal.untilStep.slice(1)) : 0;
      return {
        key: 'generated',
        version: 1,
        title: { en: 'Generated' },
        subjectType: 'contract',
        purpose: 'review',
        priority: 0,
        guard: null,
        calendar: null,
        fieldTypes: FIELDS,
        authority: { manual: MANUAL },
        steps,
        withdrawal:
          typeof withdrawal === 'object' ? { untilStep: keys[until % keys.length] ?? 's1' } : withdrawal,
        ...rest,
      };
    });

/**
 * The definition with a few edits: steps left out, put in from another one, changed in their words, swapped. Steps keep
 * their keys, so that most of it is what it was.
 */
export function editedDefinition(
  definition: ProcessDefinition,
  other: ProcessDefinition,
  pick: () => number,
): ProcessDefinition {
  let fresh = 0;
  const renamed = (node: StepNode): StepNode => {
    fresh += 1;
    const key = pick() % 3 === 0 ? node.key : `n${fresh}`;
    if (node.kind === 'parallel')
      return { ...node, key, branches: node.branches.map((branch) => branch.map(renamed)) };
    return { ...node, key };
  };
  const edited = (nodes: readonly StepNode[]): StepNode[] => {
    const list = nodes.flatMap((node): StepNode[] => {
      const own = node.kind === 'parallel' ? { ...node, branches: node.branches.map(edited) } : node;
      switch (pick() % 12) {
        case 0:
          return nodes.length > 1 ? [] : [own];
        case 1:
          return [renamed(other.steps[pick() % other.steps.length]!), own];
        case 2:
          return [{ ...own, when: own.when === null ? 'subject.count > 2' : null }];
        case 3:
          return isDecisionStep(own)
            ? [{ ...own, onRepeat: 'ask', approvers: own.approvers.slice(0, 1) }]
            : [own];
        case 4:
          return isDecisionStep(own) ? [{ ...own, formula: { mode: 'any', rejection: 'veto' } }] : [own];
        default:
          return [own];
      }
    });
    return pick() % 9 === 0 ? list.toReversed() : list;
  };
  const seen = new Set<string>();
  const unique = (nodes: readonly StepNode[]): StepNode[] =>
    nodes.flatMap((node): StepNode[] => {
      if (seen.has(node.key)) return [];
      seen.add(node.key);
      if (node.kind !== 'parallel') return [node];
      const branches = node.branches.map(unique).filter((branch) => branch.length > 0);
      return branches.length > 0 ? [{ ...node, branches }] : [];
    });
  const steps = unique(edited(definition.steps));
  const keys = new Set([...nodesOf(steps)].map((node) => node.key));
  const { withdrawal } = definition;
  const reachable = typeof withdrawal !== 'object' || keys.has(withdrawal.untilStep);
  return { ...definition, steps, withdrawal: reachable ? withdrawal : 'any-time' };
}

/** Content of the subject; now and then the field that one condition reads is missing. */
export const anyContentOf = (size: number): fc.Arbitrary<Readonly<Record<string, unknown>>> =>
  fc.record(
    {
      amount: anyOf([50, 100, 150.5]),
      count: fc.nat(5),
      urgent: fc.boolean(),
      kind: anyOf(['a', 'b']),
      lead: fc.nat(size).map(personName),
      note: anyOf(['x', 'y']),
    },
    { requiredKeys: ['amount', 'count', 'urgent', 'kind', 'lead'] },
  );
