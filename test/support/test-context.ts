import type { MikroORM } from '@mikro-orm/postgresql';
import type { Actor, Bus, Context, Log, Scope } from '../../src/context.js';
import type { TestPerson } from './organisation-fixture.js';

/** 2026-03-02 is a Monday. */
export const MONDAY = new Date('2026-03-02T09:00:00.000Z');

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const quietBus: Bus = { subscribe: () => (async function* nothing() {})() };

/** The person, signed in, with exactly these permissions. */
export function actorOf(person: TestPerson, permissions: Readonly<Record<string, Scope>>): Actor {
  const { id, name, email, departmentId, subtreeIds } = person;
  const granted = new Map(Object.entries(permissions));
  return {
    id,
    name,
    email,
    departmentId,
    subtreeIds,
    language: 'en',
    roles: new Set(),
    permissions: granted,
    sessionId: id,
    signedInAt: MONDAY,
  };
}

/** What one operation of the actor knows, at a fixed instant. Make a new one for each operation, as the server does. */
export function contextFor(
  orm: MikroORM,
  { actor, now = MONDAY }: { actor: Actor | null; now?: Date },
): Context {
  return {
    em: orm.em.fork(),
    now,
    log: silent,
    actor,
    language: 'en',
    address: '',
    services: { clock: { now: () => now }, wake: () => undefined, bus: quietBus },
    refusalToAct: () => Promise.resolve(null),
    loaders: new Map(),
  };
}
