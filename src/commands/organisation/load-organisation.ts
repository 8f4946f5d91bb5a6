import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { refusal } from '../../errors.js';
import { readDb } from '../../entities/read-db.js';
import { parseCalendar, type BusinessCalendar } from '../../workflows/calendar.js';
import type { Organisation, RoleGrant } from '../../workflows/organisation.js';

/** The organisation and its calendars as the core sees them. */
export interface OrganisationSnapshot {
  readonly organisation: Organisation;
  readonly calendarOf: (key: string | null) => BusinessCalendar;
  readonly listeners: Listeners;
}

/** Who outside is told of what happens. */
export interface Listeners {
  readonly endpoints: readonly EndpointListener[];
  readonly chats: readonly ChatListener[];
}

export interface EndpointListener {
  readonly id: string;
  readonly eventTypes: readonly string[];
  /** False: what happens is held for a replay. */
  readonly enabled: boolean;
}

export interface ChatListener {
  readonly id: string;
  readonly messageKinds: readonly string[];
  /** The department whose people, with those below it, are meant; null: any. */
  readonly departmentId: string | null;
  readonly roleKey: string | null;
}

/** The company's calendar until one is made so: that of whoever has no other. */
export const DEFAULT_CALENDAR = 'monday-friday';

/** Kept per database by the pool it is read through; a process speaks to one database, tests to several. */
const cache = new WeakMap<object, OrganisationSnapshot>();

/** What a transaction reads after changing the organisation itself: its own, and gone with it. */
const unsaved = new WeakMap<object, OrganisationSnapshot>();

/** What each transaction has read, so that who listens costs no second look. */
const seen = new WeakMap<object, OrganisationSnapshot>();

/** The organisation as this transaction has read it before; reads it where it has not. */
export const organisationSeen = async (em: EntityManager): Promise<OrganisationSnapshot> =>
  seen.get(em) ?? (await loadOrganisation(em));

/**
 * The organisation at the revision that this transaction sees: one small statement when nothing changed since the
 * last time, else all of it anew. Triggers raise the revision with every change, so no process can hold old news; a
 * revision that this transaction made is kept from all others, as it may be rolled back.
 */
export async function loadOrganisation(em: EntityManager): Promise<OrganisationSnapshot> {
  const { revision, own } = await readDb(em)
    .selectFrom('organisation_revision')
    .select([
      'revision',
      sql<boolean>`xmin is not distinct from pg_current_xact_id_if_assigned()::xid`.as('own'),
    ])
    .executeTakeFirstOrThrow();
  const kept = own ? unsaved : cache;
  const home = own ? em : em.getConnection();
  const known = kept.get(home);
  const current = known?.organisation.revision === revision ? known : await readOrganisation(em, revision);
  kept.set(home, current);
  seen.set(em, current);
  return current;
}

async function readOrganisation(em: EntityManager, revision: number): Promise<OrganisationSnapshot> {
  const db = readDb(em);
  const people = await db
    .selectFrom('app_user')
    .select(['id', 'name', 'email', 'active', 'department_id', 'manager_id', 'calendar_key', 'successor_id'])
    .orderBy('id')
    .execute();
  const departments = await db.selectFrom('department').selectAll().orderBy('id').execute();
  const grants = await db
    .selectFrom('role_grant')
    .select(['person_id', 'role_key', 'department_id', 'until'])
    .orderBy('role_key')
    .orderBy('person_id')
    .execute();
  const absences = await db.selectFrom('absence').selectAll().orderBy('starts_at').orderBy('id').execute();
  const calendars = await db
    .selectFrom('business_calendar')
    .select(['key', 'definition', 'is_default'])
    .execute();
  const members = await db
    .selectFrom('approval_group_member')
    .select(['group_key', 'person_id'])
    .orderBy('group_key')
    .orderBy('person_id')
    .execute();

  const byRole = new Map<string, RoleGrant[]>();
  for (const grant of grants) {
    const holders = byRole.get(grant.role_key) ?? [];
    holders.push({
      personId: grant.person_id,
      departmentId: grant.department_id,
      until: grant.until === null ? null : new Date(grant.until),
    });
    byRole.set(grant.role_key, holders);
  }
  const organisation: Organisation = {
    revision,
    people: new Map(
      people.map((row) => [
        row.id,
        {
          id: row.id,
          name: row.name,
          email: row.email,
          active: row.active,
          departmentId: row.department_id,
          managerId: row.manager_id,
          calendarKey: row.calendar_key,
          successorId: row.successor_id,
        },
      ]),
    ),
    departments: new Map(
      departments.map((row) => [
        row.id,
        {
          id: row.id,
          key: row.key,
          name: row.name,
          parentId: row.parent_id,
          headId: row.head_id,
          calendarKey: row.calendar_key,
        },
      ]),
    ),
    grants: byRole,
    absences: absences.map((row) => ({
      personId: row.person_id,
      substituteId: row.substitute_id,
      from: new Date(row.starts_at),
      until: new Date(row.ends_at),
      processKeys: row.process_keys,
      subjectTypes: row.subject_types,
    })),
    groups: new Map(
      [...Map.groupBy(members, (row) => row.group_key)].map(([key, rows]) => [
        key,
        rows.map((row) => row.person_id),
      ]),
    ),
  };
  const parsed = new Map(calendars.map((row) => [row.key, parseCalendar(row.definition, { key: row.key })]));
  const ofCompany = calendars.find((row) => row.is_default)?.key ?? DEFAULT_CALENDAR;
  const calendarOf = (key: string | null): BusinessCalendar => {
    const calendar = parsed.get(key ?? ofCompany) ?? parsed.get(ofCompany);
    if (!calendar) throw refusal('INVALID_STATE', { what: 'organisation', status: 'without a calendar' });
    return calendar;
  };
  return { organisation, calendarOf, listeners: await readListeners(em) };
}

async function readListeners(em: EntityManager): Promise<Listeners> {
  const db = readDb(em);
  const endpoints = await db
    .selectFrom('webhook_endpoint')
    .select(['id', 'event_types', 'state'])
    .orderBy('id')
    .execute();
  const chats = await db
    .selectFrom('chat_channel')
    .select(['id', 'message_kinds', 'department_id', 'role_key'])
    .where('enabled', '=', true)
    .orderBy('id')
    .execute();
  return {
    endpoints: endpoints.map(({ id, event_types, state }) => ({
      id,
      eventTypes: event_types,
      enabled: state === 'ENABLED',
    })),
    chats: chats.map((row) => ({
      id: row.id,
      messageKinds: row.message_kinds,
      departmentId: row.department_id,
      roleKey: row.role_key,
    })),
  };
}
