import { sql } from 'kysely';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { loadOne } from '../load.js';
import type { RecurringRuleRow } from '../../entities/schedule/recurring-rule.js';

/** Rules shown at once; an organisation has some tens. */
const RULES_MAX = 500;

/** The rules that have not been deleted, by key; `unset`: only those that are not filled in yet. */
export async function recurringRules(ctx: Context, unset: boolean): Promise<RecurringRuleRow[]> {
  let query = readDb(ctx.em)
    .selectFrom('recurring_rule')
    .select([
      'id',
      'key',
      'pack',
      'title_en as titleEn',
      'title_zh as titleZh',
      'status',
      'definition',
      'changed',
      'starts_at as startsAt',
      'version',
      'created_at as createdAt',
      'updated_at as updatedAt',
    ])
    .where('status', '<>', 'DELETED');
  if (unset) query = query.where(sql<boolean>`definition -> 'rule' ->> 'kind' = 'unset'`);
  return query.orderBy('key').limit(RULES_MAX).execute() as Promise<unknown> as Promise<RecurringRuleRow[]>;
}

/** When a rule acts next, batched; null: not by itself. */
export async function nextActOf(ctx: Context, ruleId: string): Promise<Date | null> {
  const read = (ids: readonly string[]): Promise<{ ruleId: string; dueAt: string }[]> =>
    readDb(ctx.em)
      .selectFrom('timer')
      .select(['subject_id as ruleId', 'due_at as dueAt'])
      .where('subject_id', 'in', ids)
      .where('kind', '=', 'recurring-rule')
      .where('state', '=', 'SCHEDULED')
      .execute() as Promise<unknown> as Promise<{ ruleId: string; dueAt: string }[]>;
  const row = await loadOne(ctx, 'nextAct', ruleId, read, (timer) => timer.ruleId);
  return row ? new Date(row.dueAt) : null;
}
