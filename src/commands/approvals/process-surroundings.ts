import type { Context } from '../../context.js';
import { definitionsOf } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import type { Surroundings } from '../../workflows/check-process-text.js';
import type { Organisation } from '../../workflows/organisation.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import { SUBJECT_TYPES } from '../../workflows/subject-types.js';
import { DEFAULT_CALENDAR, loadOrganisation } from '../organisation/load-organisation.js';
import { openElsewhere } from './load-world.js';
import { SUBJECTS } from './subjects/index.js';

/** What a definition is checked against: the names in this database, the published definitions, the organisation. */
export async function surroundingsOf(ctx: Pick<Context, 'em' | 'now'>): Promise<Surroundings> {
  const db = readDb(ctx.em);
  const roles = await db.selectFrom('role').select(['key', 'permissions']).execute();
  const calendars = await db.selectFrom('business_calendar').select('key').execute();
  const forms = await db.selectFrom('form_template').select('key').execute();
  const { organisation, calendarOf } = await loadOrganisation(ctx.em);
  return {
    subjects: SUBJECT_TYPES,
    names: {
      roles: new Set(roles.map(({ key }) => key)),
      calendars: new Set(calendars.map(({ key }) => key)),
      defaultCalendar: DEFAULT_CALENDAR,
      departments: new Set([...organisation.departments.values()].map(({ key }) => key)),
      groups: new Set(organisation.groups?.keys()),
      forms: new Set(forms.map(({ key }) => key)),
    },
    published: await publishedDefinitions(ctx),
    world: { now: ctx.now, organisation, calendarOf, load: await openElsewhere(ctx.em, null) },
    submittersOf: (subjectType) => {
      const handler = Object.hasOwn(SUBJECTS, subjectType)
        ? SUBJECTS[subjectType as keyof typeof SUBJECTS]
        : undefined;
      const permission = handler?.submitPermission ?? '';
      const granting = roles.filter((role) => Object.hasOwn(role.permissions as object, permission));
      return holdersOf(
        organisation,
        granting.map(({ key }) => key),
        ctx.now,
      );
    },
  };
}

const holdersOf = ({ grants }: Organisation, roles: readonly string[], now: Date): Set<string> =>
  new Set(
    roles
      .flatMap((role) => grants.get(role) ?? [])
      .filter(({ until }) => until === null || now < until)
      .map(({ personId }) => personId),
  );

/** Every published definition, in the order in which they are tried. */
async function publishedDefinitions(ctx: Pick<Context, 'em'>): Promise<ProcessDefinition[]> {
  const rows = await readDb(ctx.em)
    .selectFrom('process_version')
    .select('id')
    .where('status', '=', 'PUBLISHED')
    .orderBy('priority', 'desc')
    .orderBy('key')
    .orderBy('version', 'desc')
    .execute();
  const definitions = await definitionsOf(
    ctx.em,
    rows.map(({ id }) => id),
  );
  return rows.flatMap(({ id }) => definitions.get(id) ?? []);
}
