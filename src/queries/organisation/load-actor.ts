import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import type { Actor, Scope } from '../../context.js';
import type { Language } from '../../errors.js';
import { readDb } from '../../entities/read-db.js';

interface Row {
  session_id: string;
  signed_in_at: string;
  id: string;
  name: string;
  email: string;
  language: string;
  department_id: string | null;
  roles: { key: string; permissions: Record<string, Scope> }[];
  departments: string[];
}

const WIDTH: Readonly<Record<Scope, number>> = { own: 0, team: 1, subtree: 2, all: 3 };

/**
 * The person behind an access token, with the roles held at `now`: one statement, so that a changed role or an ended
 * session counts at once. null: no live session.
 */
export async function loadActor(em: EntityManager, accessHash: string, now: Date): Promise<Actor | null> {
  const { rows } = await sql<Row>`
    select s.id as session_id, s.signed_in_at, u.id, u.name, u.email, u.language, u.department_id,
      coalesce((select json_agg(json_build_object('key', r.key, 'permissions', r.permissions)) from role_grant g
        join role r on r.key = g.role_key where g.person_id = u.id and (g.until is null or g.until > ${now})), '[]') as roles,
      coalesce((with recursive below as (
          select d.id from department d where d.id = u.department_id
            or d.id in (select g.department_id from role_grant g where g.person_id = u.id and (g.until is null or g.until > ${now}))
          union select d.id from department d join below b on d.parent_id = b.id)
        select json_agg(b.id) from below b), '[]') as departments
    from session s join app_user u on u.id = s.person_id
    where s.access_hash = ${accessHash} and s.access_expires_at > ${now} and s.expires_at > ${now}
      and s.ended_at is null and u.active`.execute(readDb(em));
  const row = rows[0];
  return row ? toActor(row) : null;
}

function toActor(row: Row): Actor {
  const permissions = new Map<string, Scope>();
  for (const role of row.roles) {
    for (const [permission, scope] of Object.entries(role.permissions)) {
      const known = permissions.get(permission);
      if (known === undefined || WIDTH[known] < WIDTH[scope]) permissions.set(permission, scope);
    }
  }
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    language: row.language === 'zh' ? 'zh' : ('en' satisfies Language),
    departmentId: row.department_id,
    subtreeIds: row.departments,
    roles: new Set(row.roles.map((role) => role.key)),
    permissions,
    sessionId: row.session_id,
    signedInAt: new Date(row.signed_in_at),
  };
}
