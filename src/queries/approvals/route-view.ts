import { Field, ObjectType, registerEnumType } from 'type-graphql';
import type { Context } from '../../context.js';
import type { Language } from '../../errors.js';
import { User } from '../../entities/organisation/user.js';
import { readDb } from '../../entities/read-db.js';
import { isRowId } from '../../entities/is-row-id.js';
import type { Cause, DifferenceKind, RouteDifference } from '../../workflows/expected-route.js';
import { personById } from '../organisation/people.js';

export enum RouteDifferenceKind {
  ADDED = 'ADDED',
  REMOVED = 'REMOVED',
  CHANGED_PEOPLE = 'CHANGED_PEOPLE',
  SKIPPED = 'SKIPPED',
  NOT_SKIPPED = 'NOT_SKIPPED',
}
registerEnumType(RouteDifferenceKind, {
  name: 'RouteDifferenceKind',
  description: 'How a step differs from what was foreseen.',
  valuesConfig: {
    ADDED: { description: 'It was not foreseen that the step is reached.' },
    REMOVED: { description: 'It was foreseen and is not reached.' },
    CHANGED_PEOPLE: { description: 'Other people are asked or told.' },
    SKIPPED: { description: 'It was foreseen and is skipped.' },
    NOT_SKIPPED: { description: 'It was foreseen as skipped and is not.' },
  } satisfies Record<DifferenceKind, { description: string }>,
});

@ObjectType('RouteDifference', { description: 'A step that goes another way than was foreseen, and why.' })
export class RouteDifferenceView {
  @Field(() => String, { description: 'Key of the step in the process definition.' })
  step!: string;

  @Field(() => RouteDifferenceKind, { description: 'How it differs.' })
  kind!: RouteDifferenceKind;

  @Field(() => [User], { description: 'Who was expected.' })
  expected!: User[];

  @Field(() => [User], { description: 'Who it is instead.' })
  actual!: User[];

  @Field(() => String, { description: 'What changed since the submission, in your language.' })
  cause!: string;

  @Field(() => Boolean, { description: 'The step has opened so; false: it would, were it opened now.' })
  happened!: boolean;
}

type Names = ReadonlyMap<string, string>;

/** Differences as clients see them: people by name, causes in the viewer's language. */
export async function differencesView(
  ctx: Context,
  differences: readonly (RouteDifference & { readonly happened: boolean })[],
): Promise<RouteDifferenceView[]> {
  const names = await namesIn(
    ctx,
    differences.flatMap(({ causes }) => causes),
  );
  return Promise.all(
    differences.map(async ({ step, kind, expected, actual, causes, happened }) => ({
      step,
      kind: kind as RouteDifferenceKind,
      expected: await Promise.all(expected.map((id) => personById(ctx, id))),
      actual: await Promise.all(actual.map((id) => personById(ctx, id))),
      cause: causeText(causes, names, ctx.language),
      happened,
    })),
  );
}

async function namesIn(ctx: Context, causes: readonly Cause[]): Promise<Names> {
  const ids = new Set(
    causes
      .flatMap(({ of, from, to }) => [of, from, to].flat())
      .filter((id) => typeof id === 'string' && isRowId(id)),
  );
  if (ids.size === 0) return new Map();
  const list = [...ids] as string[];
  const db = readDb(ctx.em);
  const rows = await db
    .selectFrom('app_user')
    .select(['id', 'name'])
    .where('id', 'in', list)
    .unionAll(db.selectFrom('department').select(['id', 'name']).where('id', 'in', list))
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

function causeText(causes: readonly Cause[], names: Names, language: Language): string {
  if (causes.length === 0)
    return language === 'zh' ? '前面的步骤走了另一条路' : 'a step before it went another way';
  return causes.map((cause) => TEXTS[language](cause, names)).join(language === 'zh' ? '；' : '; ');
}

const said = (value: unknown, names: Names, nobody: string): string => {
  if (value === null || value === undefined || value === '-') return nobody;
  if (Array.isArray(value))
    return value.length === 0 ? nobody : value.map((one) => said(one, names, nobody)).join(', ');
  return typeof value === 'string' ? (names.get(value) ?? value) : JSON.stringify(value);
};

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** Those of the first list that are not in the second. */
const gone = (from: unknown, to: unknown): unknown[] =>
  listOf(from).filter((one) => !listOf(to).includes(one));

const TEXTS: Readonly<Record<Language, (cause: Cause, names: Names) => string>> = {
  en: ({ kind, of, from, to }, names) => {
    const name = said(of, names, '?');
    const change = `changed from ${said(from, names, 'nobody')} to ${said(to, names, 'nobody')}`;
    const [lost, won] = [gone(from, to), gone(to, from)];
    switch (kind) {
      case 'MANAGER':
        return `manager of ${name} ${change}`;
      case 'HEAD':
        return `head of ${name} ${change}`;
      case 'DEPARTMENT':
        return `department of ${name} ${change}`;
      case 'ROLE':
      case 'MEMBERS':
        return [
          ...(lost.length > 0
            ? [
                `${kind === 'ROLE' ? 'role grant of' : 'member of'} ${name} ended for ${said(lost, names, '')}`,
              ]
            : []),
          ...(won.length > 0
            ? [`${kind === 'ROLE' ? 'role' : 'membership of'} ${name} granted to ${said(won, names, '')}`]
            : []),
        ].join('; ');
      case 'ACTIVE':
        return to === true ? `${name} is active again` : `${name} is no longer active`;
      case 'ABSENCE':
        return to === null
          ? `${name} is back`
          : `${name} is absent, represented by ${said(to, names, 'nobody')}`;
      case 'FIELD':
        return `field ${of} changed from ${JSON.stringify(from)} to ${JSON.stringify(to)}`;
      case 'REQUESTER_ROLES':
        return `roles of the requester ${change}`;
      case 'DECIDERS':
        return `step ${of} was decided by ${said(to, names, 'nobody')}, not by ${said(from, names, 'nobody')}`;
      case 'INTERESTS':
        return `interest in the request: ${change}`;
      default:
        return `${of || 'people named'} ${change}`;
    }
  },
  zh: ({ kind, of, from, to }, names) => {
    const name = said(of, names, '?');
    const change = `由 ${said(from, names, '无人')} 变为 ${said(to, names, '无人')}`;
    const [lost, won] = [gone(from, to), gone(to, from)];
    switch (kind) {
      case 'MANAGER':
        return `${name} 的上级${change}`;
      case 'HEAD':
        return `${name} 的负责人${change}`;
      case 'DEPARTMENT':
        return `${name} 的部门${change}`;
      case 'ROLE':
      case 'MEMBERS':
        return [
          ...(lost.length > 0 ? [`${said(lost, names, '')} 不再担任 ${name}`] : []),
          ...(won.length > 0 ? [`${said(won, names, '')} 已担任 ${name}`] : []),
        ].join('；');
      case 'ACTIVE':
        return to === true ? `${name} 已恢复在职` : `${name} 已停用`;
      case 'ABSENCE':
        return to === null ? `${name} 已返回` : `${name} 缺席，由 ${said(to, names, '无人')} 代理`;
      case 'FIELD':
        return `字段 ${of} 由 ${JSON.stringify(from)} 变为 ${JSON.stringify(to)}`;
      case 'REQUESTER_ROLES':
        return `申请人的角色${change}`;
      case 'DECIDERS':
        return `步骤 ${of} 由 ${said(to, names, '无人')} 决定，而非 ${said(from, names, '无人')}`;
      case 'INTERESTS':
        return `利害关系人${change}`;
      default:
        return `${of || '所指人员'}${change}`;
    }
  },
};
