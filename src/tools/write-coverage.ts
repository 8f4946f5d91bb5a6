import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readPackFolders } from '../commands/approvals/pack-files.js';
import { parseCalendars, parsePacks } from '../workflows/pack.js';
import { SUBJECT_TYPES } from '../workflows/subject-types.js';

/** Writes, or with `--check` compares, docs/coverage.md: which requirements of the catalogue are shown to hold, and where. */
const FILE = 'docs/coverage.md';
const PACKS = 'packs';

interface Requirement {
  readonly what: string;
  /** What of it does not hold yet; null: all of it holds. */
  readonly missing: string | null;
  /** Tests beside the packs' rows: a file, and text that stands in it. */
  readonly tests?: readonly (readonly [file: string, title: string])[];
}

const PLANS = 'test/integration/plans.test.ts';
const PROJECTS = 'test/integration/projects.test.ts';
const RULES = 'test/integration/recurring-rules.test.ts';
const EACH_HOLDER = [
  RULES,
  'make one for each holder at each occurrence, and the next from the rule (T-12, T-30)',
] as const;
const AHEAD = [
  RULES,
  'are made ahead of their day where they say so, for a department (T-14, T-13)',
] as const;
const ANCHORED = [
  RULES,
  'the earlier of two limits, not later than a milestone, after an event: all move (T-08, T-10, T-11)',
] as const;
const TARGETS = [
  RULES,
  'what is done is counted in its period, and whoever stays under the target is told at its end (T-26, T-27)',
] as const;
const OUTAGE = [RULES, 'after an outage the latest is made, none, or all, as the rule says'] as const;
const UNSET = [
  RULES,
  'makes nothing, is told once and listed, and an administrator fills it in (T-16, T-17)',
] as const;
const DUE_TIMES = [
  PLANS,
  'begins in DRAFT with its lines and the milestones of its template, each with its due time (X-01)',
] as const;
const ON_TIME = [
  PLANS,
  '(a) drafted on the 9th, approved on the 11th, guided on the 14th: nobody is left to chase',
] as const;
const PENDING = [
  PLANS,
  '(b) still pending on the 15th: guiding cannot start, and the chase goes to whoever must approve',
] as const;
const NO_STOCK_LIST = [
  PLANS,
  '(c) no stock list on the 7th: the planner is blocked and the storage section is reminded',
] as const;

/** Kept by hand: every id that a pack's row bears, and those that tests alone show. */
const REQUIREMENTS: Readonly<Record<string, Requirement>> = {
  'A-01': { what: 'Start document of each software-project stage approved and filed', missing: null },
  'A-02': { what: 'Result of each stage approved and filed; then the next stage may start', missing: null },
  'A-19': {
    what: 'Stage promotion plan approved as the authority manual says',
    missing: null,
    tests: [['test/unit/approver-rules.test.ts', 'gaps and rows that never answer are found']],
  },
  'A-24': { what: 'Monthly sales plan: planner, general manager, then the salespeople', missing: null },
  'A-25': {
    what: 'Contract review',
    missing: 'the requirement-review form (F-083) is not demanded on submission',
    tests: [
      ['test/integration/approvals.test.ts', 'a small one by manager, finance and legal'],
      ['test/integration/approvals.test.ts', 'a large one by three in parallel, then the general manager'],
      [
        'test/integration/approvals.test.ts',
        'an interested person decides neither by transfer nor by delegation',
      ],
    ],
  },
  'A-44': { what: 'Marketing decisions: different levels follow different flows', missing: null },
  'A-50': { what: 'Quote inside an opportunity: a pre-defined flow controls it', missing: null },
  'D-02': {
    what: 'Permissions follow the department structure and teams',
    missing: null,
    tests: [
      ['test/integration/customers.test.ts', 'scopes reach own, team, subtree and all rows, and no others'],
      ['test/integration/contracts.test.ts', 'scopes reach own, team, subtree and all rows, and no others'],
    ],
  },
  'E-119': {
    what: 'Business calendars: hours, holidays, make-up days; by company, department and person',
    missing: null,
    tests: [
      [
        'test/integration/calendars.test.ts',
        "a step is due by the calendar of its approver's department, nearest up the tree",
      ],
      ['test/integration/calendars.test.ts', 'moves what hangs on the calendar, and only that, with a trail'],
      [
        'test/integration/calendar-reach.test.ts',
        "moves what is due by a rule and its person's calendar; what has acted does not act again",
      ],
      ['test/integration/calendars.test.ts', 'China 2026 is the published arrangement, day by day'],
    ],
  },
  'R-48': {
    what: 'System administrator: roles, rules, flows',
    missing:
      'people are not created by an operation yet; roles, groups and processes are managed by operations',
    tests: [['test/unit/packs.test.ts', 'the administrator and the auditor decide and change nothing']],
  },
  'T-01': { what: 'Revisit and work report within a month of completion', missing: null, tests: [ANCHORED] },
  'T-02': { what: 'Service report within two months of completion', missing: null, tests: [ANCHORED] },
  'T-03': {
    what: 'Situation report from the third month, every second one',
    missing: null,
    tests: [ANCHORED],
  },
  'T-04': { what: 'Customer revisit every three months', missing: null, tests: [ANCHORED] },
  'T-05': {
    what: 'Receivables: reminders around the due day, then the dunning ladder',
    missing: 'no dunning letter is printed',
    tests: [
      [
        'test/integration/payments.test.ts',
        'is reminded of before and on its day, then climbs: its owner, a call, the manager, the director (T-05, T-46)',
      ],
    ],
  },
  'T-46': {
    what: 'Overdue receivables climb: reminder, a call, the manager, the director; paid in full it ends',
    missing: null,
    tests: [
      [
        'test/integration/payments.test.ts',
        'is chased no more once it is paid in full, and again, from where it stood, when that is taken back',
      ],
    ],
  },
  'T-08': { what: 'Deepening meeting: the earlier of two limits', missing: null, tests: [ANCHORED] },
  'T-09': { what: 'Handover meeting after the coordination meeting', missing: null, tests: [ANCHORED] },
  'T-10': {
    what: 'Strategy outline not later than the construction drawings',
    missing: null,
    tests: [ANCHORED],
  },
  'T-11': {
    what: 'Opening strategy two weeks after the pile foundation begins',
    missing: null,
    tests: [ANCHORED],
  },
  'T-12': { what: 'Daily sales report', missing: null, tests: [EACH_HOLDER, OUTAGE] },
  'T-13': { what: 'Weekly report and Monday afternoon meeting', missing: null, tests: [AHEAD] },
  'T-14': { what: 'Monthly report and meeting before the 25th', missing: null, tests: [AHEAD] },
  'T-16': { what: 'Information published periodically, as the company says', missing: null, tests: [UNSET] },
  'T-17': {
    what: 'Offsets that the source leaves open',
    missing: 'one of the six offsets is in a pack; the others are filled in alike',
    tests: [UNSET],
  },
  'S-29': {
    what: 'Contract invoicing, collection and dunning',
    missing: 'mailing and receipt of the invoice, receipts, collection and dunning',
  },
  'T-18': { what: 'Order-demand forecast of the stores by the 6th', missing: null, tests: [DUE_TIMES] },
  'T-19': { what: 'Stock list by the 6th', missing: null, tests: [DUE_TIMES, NO_STOCK_LIST] },
  'T-20': {
    what: 'Monthly plan drafted by the 10th, then approved',
    missing: null,
    tests: [DUE_TIMES, ON_TIME],
  },
  'T-21': {
    what: 'Stores guided by the 15th, after the approval',
    missing: null,
    tests: [DUE_TIMES, ON_TIME, PENDING],
  },
  'T-22': { what: 'Receipts summary on the last day of the month', missing: null, tests: [OUTAGE] },
  'T-23': {
    what: 'Contact window by customer level',
    missing: null,
    tests: [
      [
        RULES,
        'the next contact with a customer follows its level and each contact that comes about (T-23, T-51)',
      ],
    ],
  },
  'T-26': { what: '15 door and 20 phone visits a week', missing: null, tests: [TARGETS] },
  'T-27': { what: '8 new customers a month', missing: null, tests: [TARGETS] },
  'T-30': { what: 'Summary of the week on Friday', missing: null, tests: [EACH_HOLDER] },
  'T-35': {
    what: 'An answer within 24 hours, or it climbs',
    missing: null,
    tests: [[RULES, 'a complaint is answered within 24 hours, or climbs (T-35)']],
  },
  'T-40': {
    what: 'Lists: to contact next week, contacted and not contacted last week',
    missing: null,
    tests: [
      [
        RULES,
        'lists by a rolling window: to contact next week, contacted last week, not contacted last week (T-40)',
      ],
    ],
  },
  'T-51': { what: 'Contact frequency by customer class', missing: null },
  'X-01': {
    what: 'Auto-parts monthly calendar',
    missing: null,
    tests: [
      [PLANS, 'June 2024: the 15th is a Saturday and stays the 15th'],
      [
        'test/unit/plan-cycle.test.ts',
        'X-01: the 6th, 10th and 15th of May and June 2024 count to their end; no holiday moves them',
      ],
    ],
  },
  'X-09': {
    what: 'Start and result gates of the eight stages',
    missing: null,
    tests: [
      [PROJECTS, 'approved but unfiled opens nothing: the document is still in review'],
      [
        'test/properties/project-flow.test.ts',
        'stages open strictly in order, one at a time, each behind its own gates, whatever is written',
      ],
    ],
  },
  'X-15': {
    what: 'Annual plan immutable',
    missing: 'staged corrections and the confirmation that unlocks the schedule',
    tests: [[PLANS, 'is locked in review, and final once approved; an annual plan says so']],
  },
};

/** Which cases of which packs bear an id: `packs/<pack>: <case ids>`. */
async function casesById(): Promise<Map<string, string[]>> {
  const { folders, calendars: files } = await readPackFolders(PACKS);
  const keys = parseCalendars(files).calendars.map(({ key }) => key);
  const known = { roles: [], calendars: keys, defaultCalendar: keys[0] ?? null };
  const { packs, findings } = parsePacks(folders, SUBJECT_TYPES, known);
  if (findings.length > 0) throw new Error('the packs have findings: run npm run packs:check');
  const shown = new Map<string, string[]>();
  for (const { key, acceptance } of packs) {
    for (const [id, cases] of Map.groupBy(acceptance, (one) => one.id.split('/')[0] as string)) {
      const names = cases.map((one) => `\`${one.id}\``).join(', ');
      shown.set(id, [...(shown.get(id) ?? []), `pack ${key}: ${names}`]);
    }
  }
  return shown;
}

/** What the table would claim in vain. */
function faultsOf(shown: ReadonlyMap<string, readonly string[]>): string[] {
  const unlisted = [...shown.keys()].filter((id) => !Object.hasOwn(REQUIREMENTS, id));
  const faults = unlisted.map(
    (id) => `${id} stands in a pack's acceptance rows, but not in src/tools/write-coverage.ts`,
  );
  for (const [id, { tests = [] }] of Object.entries(REQUIREMENTS)) {
    if (tests.length === 0 && !shown.has(id)) faults.push(`${id} is shown by no pack and no test`);
    for (const [file, title] of tests) {
      if (!existsSync(file) || !readFileSync(file, 'utf8').includes(title))
        faults.push(`${id}: ${file} has no test “${title}”`);
    }
  }
  return faults;
}

function tableOf(shown: ReadonlyMap<string, readonly string[]>): string {
  const rows = Object.entries(REQUIREMENTS)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { what, missing, tests = [] }]) => {
      const places = [...(shown.get(id) ?? []), ...tests.map(([file, title]) => `${file}: “${title}”`)];
      return `| ${id} | ${what} | ${places.join('<br>')} | ${missing === null ? 'whole' : `part: ${missing}`} |`;
    });
  return `# What is covered

Requirements of the catalogue that are shown to hold, where, and how far. A pack's cases stand in its \`acceptance.yaml\` and
are played over the API by test/integration/acceptance.test.ts. What is not listed is not built yet. Generated from the packs
and src/tools/write-coverage.ts by \`npm run coverage:write\`.

| id | requirement | shown in | state |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

const shown = await casesById();
const faults = faultsOf(shown);
const made = tableOf(shown);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else if (!process.argv.includes('--check')) writeFileSync(FILE, made);
else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== made) {
  console.error(`${FILE} differs from the packs and the list: run npm run coverage:write`);
  process.exitCode = 1;
}
