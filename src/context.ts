import type { EntityManager } from '@mikro-orm/postgresql';
import type DataLoader from 'dataloader';
import type { Outbound } from './commands/schedule/outbound.js';
import type { Language, Refusal } from './errors.js';

/** The only source of time in the program. Tests and the simulator move it; SQL gets its value as a parameter. */
export interface Clock {
  now(): Date;
}

/** Structured log, one line an event; never secrets, never personal content. */
export interface Log {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** Which rows a permission reaches. */
export type Scope = 'own' | 'team' | 'subtree' | 'all';

/** A signed-in person as the permissions see them. Facts only; loaded per request, so a changed role counts at once. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly language: Language;
  readonly departmentId: string | null;
  /** My department and those below it. */
  readonly subtreeIds: readonly string[];
  readonly roles: ReadonlySet<string>;
  /** The widest scope per permission over all roles held. */
  readonly permissions: ReadonlyMap<string, Scope>;
  readonly sessionId: string;
  readonly signedInAt: Date;
}

/** What one request or job knows. Made once per operation; `now` is taken once. */
export interface Context {
  readonly em: EntityManager;
  readonly now: Date;
  readonly log: Log;
  /** null: nobody has signed in. Jobs have none either; they act as `system`. */
  readonly actor: Actor | null;
  readonly language: Language;
  /** The address of the client, for throttling; empty for jobs. */
  readonly address: string;
  readonly services: Services;
  /** Answers "may this person act on this very step?" once per operation and assignment: null when they may. */
  readonly refusalToAct: (
    assignmentId: string,
    action: string,
    idempotencyKey?: string | null,
  ) => Promise<Refusal | null>;
  /** Batches reads of one operation; a list of n rows costs one statement, not n. */
  readonly loaders: Map<string, DataLoader<never, unknown>>;
}

/** Parts of the process that outlive one operation. */
export interface Services {
  readonly clock: Clock;
  /** Nudges the worker after a commit; a lost nudge is made good by the sweep. Never throws. */
  readonly wake: (what: Wake) => void;
  /** Channels that leave the building and are set up here, such as `mail`; none when not given. */
  readonly outside?: ReadonlySet<string>;
  /** The way to addresses that people enter; without it none is accepted. */
  readonly outbound?: Outbound;
  /** Delivers what other processes published; see `publish` in entities/notify.ts. */
  readonly bus: Bus;
}

export type Wake =
  { readonly what: 'outbox' } | { readonly what: 'timer'; readonly id: string; readonly at: Date };

/** Change notices between processes, sent by PostgreSQL at commit; at most once, so a gap is announced by `resync`. */
export interface Bus {
  subscribe(topic: string): AsyncIterableIterator<BusMessage>;
}

export interface BusMessage {
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
}
