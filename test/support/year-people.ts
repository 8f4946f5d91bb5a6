import type { Span, YearLadder, YearRule } from './year-calendar.js';

// The company of the simulated year: its people, who holds what, which calendars count, and the packs' rows as read.

/** Something a person does over the public API. */
export interface YearAct {
  readonly at: number;
  readonly as: string;
  readonly act: string;
  readonly with: Readonly<Record<string, unknown>>;
}

export const MANAGER: Readonly<Record<string, string | null>> = {
  gm: null,
  director: 'gm',
  manager: 'director',
  sales: 'manager',
  planner: 'manager',
  tech: 'gm',
  finance: 'gm',
  legal: 'gm',
  warehouse: 'gm',
  clerk: 'gm',
  admin: 'gm',
  auditor: 'gm',
};
/** Roles of the field-sales pack beside the demo people's own, by department of who holds them. */
export const FIELD_ROLES = [
  ['sales', 'field-representative', 'sales'],
  ['planner', 'field-representative', 'sales'],
  ['tech', 'field-representative', 'technical'],
  ['manager', 'field-manager', 'sales'],
  ['director', 'field-manager', 'marketing'],
  ['clerk', 'front-desk', 'operations'],
  ['warehouse', 'front-desk', 'operations'],
] as const;
/** Sales has none of its own: that of marketing, above it, counts. Finance, legal and the company have the default. */
export const CALENDAR_OF: Readonly<Record<string, string>> = {
  marketing: 'china',
  technical: 'china',
  operations: 'monday-friday',
};
/** By whose calendar each person who is asked works, where it is not the default. */
export const WORKS_BY: Readonly<Record<string, string>> = {
  manager: 'china',
  director: 'china',
  sales: 'china',
  planner: 'china',
  tech: 'china',
};
/** Who reads mail once a day, and by which calendar; all others get none. */
export const DIGESTS: Readonly<Record<string, string>> = { manager: 'china', admin: 'monday-friday' };
export const NAMES: Readonly<Record<string, string>> = {
  sales: 'Sam Song',
  planner: 'Peter Pan',
  tech: 'Tara Tian',
};

interface Made {
  readonly do: string;
  readonly kind: string;
  readonly for: 'owner' | { readonly role: string; readonly each?: string };
  readonly role?: string;
  readonly text?: { readonly en: string };
  readonly madeBefore?: Span;
  readonly dueAfter?: Span;
  readonly ladder?: YearLadder;
}
export interface YearSchedule {
  readonly key: string;
  readonly title: { readonly en: string };
  readonly rule: YearRule;
  readonly calendar?: string;
  readonly on?: {
    readonly subject: string;
    readonly where?: Readonly<Record<string, readonly string[]>>;
    readonly again?: boolean;
  };
  readonly makes?: Made;
  readonly counts?: { readonly what: string; readonly kinds?: readonly string[]; readonly role: string };
}

export interface YearRecord {
  readonly type: string;
  readonly name: string;
  readonly owner: string;
  readonly events: Record<string, number | null>;
  readonly fields: Record<string, string>;
  /** Something has happened to it. */
  touched?: () => void;
}

/** Around a call that somebody makes for himself when nobody was reached. */
export const CALL_AGAIN: YearLadder = {
  reminders: [{ when: 'before', offset: { after: 'PT2H', in: 'calendar' } }],
  ladder: [{ after: { after: 'P1D', in: 'business' }, action: { do: 'notify', who: [{ rule: 'manager' }] } }],
};
