import { refusal } from '../errors.js';
import { departmentsUp } from './organisation.js';
import type { ApproverRule, Localised } from './process.js';
import type { RequestState, World } from './request.js';

/** From `from` (included) to `below` (excluded); open ends where nothing is said. Amounts in the major unit. */
export interface Band {
  readonly from?: number | undefined;
  readonly below?: number | undefined;
}

/** For one matter: departments of these levels, subjects whose measures lie in these bands, are asked of these people. */
export interface AuthorityRow {
  readonly matter: string;
  /** Depth of the subject's department: 1 is the top of the tree, and what belongs to no department. */
  readonly level: Band;
  /** By field of the subject, such as `amount` or `discountPercent`; what is not named does not matter. */
  readonly measures: Readonly<Record<string, Band>>;
  readonly approvers: readonly ApproverRule[];
}

/** A company's authority manual: who decides what, up to how much. The first row that fits answers. */
export interface AuthorityTable {
  readonly key: string;
  readonly title: Localised;
  readonly rows: readonly AuthorityRow[];
}

const isIn = (value: number, { from, below }: Band): boolean =>
  (from === undefined || value >= from) && (below === undefined || value < below);

/** Depth of the subject's department in the tree: 1 at the top. */
export const levelOf = (departmentId: string | null, { organisation }: Pick<World, 'organisation'>): number =>
  Math.max(1, departmentsUp(organisation, departmentId).length);

/**
 * The rules of the first row that fits the subject; none when no row does, which leaves the step to its policy.
 * @throws CONDITION_FAILED for a measure that is no number: an unknown amount never counts as a small one
 */
export function authorityRules(
  request: RequestState,
  { table, matter }: { readonly table: string; readonly matter: string },
  world: World,
): readonly ApproverRule[] {
  const { content, departmentId } = request.subject;
  const level = levelOf(departmentId, world);
  const fits = (row: AuthorityRow): boolean =>
    row.matter === matter &&
    isIn(level, row.level) &&
    Object.entries(row.measures).every(([field, band]) => isIn(measure(content, field, table), band));
  return request.definition.authority?.[table]?.rows.find(fits)?.approvers ?? [];
}

function measure(content: Readonly<Record<string, unknown>>, field: string, table: string): number {
  const value = content[field];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw refusal('CONDITION_FAILED', { reason: `${field} is not a number`, condition: `authority ${table}` });
}

/** Measures of one matter; keeps the check of all its cases within a second for the longest table. */
const MEASURES_MAX = 2;

/** What is wrong with a table by itself: cases of a matter that no row answers, and rows that never answer. */
export interface AuthorityFlaw {
  /** The row that never answers; null: a gap. */
  readonly row: number | null;
  readonly matter: string;
  readonly message: string;
}

/**
 * Tries every case that the rows of a matter tell apart: below, at and between all their bounds, for levels from 1 and
 * measures from 0. So no gap and no dead row is missed, however the bands overlap.
 */
export function flawsOfAuthority({ rows }: AuthorityTable): AuthorityFlaw[] {
  const flaws: AuthorityFlaw[] = [];
  for (const matter of new Set(rows.map((row) => row.matter))) {
    const own = rows.flatMap((row, index) => (row.matter === matter ? [{ row, index }] : []));
    const fields = [...new Set(own.flatMap(({ row }) => Object.keys(row.measures)))];
    if (fields.length > MEASURES_MAX) {
      flaws.push({ row: null, matter, message: `${matter}: measured by more than ${MEASURES_MAX} fields` });
      continue;
    }
    const levels = pointsOf(
      own.map(({ row }) => row.level),
      1,
    ).filter(Number.isInteger);
    const points = fields.map((field) =>
      pointsOf(
        own.flatMap(({ row }) => row.measures[field] ?? []),
        0,
      ),
    );
    const answered = new Set<number>();
    let gap: string | null = null;
    for (const level of levels) {
      for (const values of cases(points)) {
        const first = own.find(
          ({ row }) =>
            isIn(level, row.level) &&
            fields.every((field, at) => isIn(values[at] as number, row.measures[field] ?? {})),
        );
        if (first) answered.add(first.index);
        else gap ??= [`level ${level}`, ...fields.map((field, at) => `${field} ${values[at]}`)].join(', ');
      }
    }
    if (gap !== null) flaws.push({ row: null, matter, message: `${matter}: no row answers ${gap}` });
    for (const { index } of own.filter(({ index: row }) => !answered.has(row)))
      flaws.push({ row: index, matter, message: 'never answers: the rows before take all its cases' });
  }
  return flaws;
}

/** The lowest value, and each bound above it: within a band between two of them all rows answer alike. */
const pointsOf = (bands: readonly Band[], lowest: number): number[] => {
  const bounds = bands.flatMap(({ from, below }) => [from ?? lowest, below ?? lowest]);
  return [...new Set([lowest, ...bounds])].filter((value) => value >= lowest).toSorted((a, b) => a - b);
};

function cases(points: readonly (readonly number[])[]): number[][] {
  return points.reduce<number[][]>(
    (known, values) => known.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  );
}
