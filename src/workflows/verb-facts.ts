import type { Fact, NewAssignment, PlannedTimer, SubjectSnapshot } from './request.js';

// What happens to a request besides decisions: questions, clocks, words, amendments, overrides. The state that they
// leave, the facts that tell them and the commands that ask for them.

/** A question of an approver to somebody, while the request stays pending. */
export interface QuestionState {
  /** 1, 2, 3 … within the request. */
  readonly number: number;
  readonly stepKey: string;
  readonly round: number;
  readonly attempt: number;
  /** The assignment of the one who asks. */
  readonly ordinal: number;
  readonly askedById: string;
  readonly askedOfId: string;
  readonly question: string;
  /** Whether the step's clock stands still until it is answered. */
  readonly stopsClock: boolean;
  /** LAPSED: whoever asked no longer waits for the answer (decided, handed over, or the step has closed). */
  readonly status: 'OPEN' | 'ANSWERED' | 'LAPSED';
  readonly askedAt: Date;
  readonly answer: string | null;
  readonly answeredAt: Date | null;
}

/** Someone copied in: may read the request and its subject, and hears of it. */
export interface Reader {
  readonly personId: string;
  readonly addedById: string;
}

/** A cancelled request that this one stands in for, by an administrator's override. */
export interface RestartOf {
  readonly requestId: string;
  readonly by: string;
  readonly comment: string;
}

/** What made due times move: a calendar at a version, either edited or given to a person, a department or the company. */
export interface CalendarChange {
  readonly calendar: string;
  readonly version: number;
  readonly change: 'EDITED' | 'ASSIGNED';
}

/** NEW_VERSION: held until an administrator moves it to the new version of its definition, or releases it. */
export type PauseCause = 'NEW_VERSION';

export type VerbFact =
  | {
      readonly type: 'INFORMATION_REQUESTED';
      readonly step: string;
      readonly ordinal: number;
      readonly by: string;
      readonly number: number;
      readonly of: string;
      readonly question: string;
      readonly stopsClock: boolean;
    }
  | {
      readonly type: 'INFORMATION_GIVEN';
      readonly step: string;
      readonly by: string;
      readonly number: number;
      readonly answer: string;
    }
  /** The step's clock goes on: what had not acted yet acts as much later as it stood still. */
  | {
      readonly type: 'CLOCK_RESTARTED';
      readonly step: string;
      readonly attempt: number;
      readonly dueAt: Date | null;
      readonly timers: readonly PlannedTimer[];
    }
  /** A calendar changed: when the step is due, and what is still to act, reckoned again from its opening. */
  | {
      readonly type: 'DUE_MOVED';
      readonly step: string;
      readonly attempt: number;
      readonly calendar: string;
      readonly dueAt: Date | null;
      readonly timers: readonly PlannedTimer[];
      readonly was: { readonly dueAt: Date | null; readonly calendar: string };
      readonly because: CalendarChange;
    }
  | {
      readonly type: 'EXPIRY_MOVED';
      readonly expiresAt: Date;
      readonly was: { readonly expiresAt: Date };
      readonly because: CalendarChange;
    }
  | {
      readonly type: 'PAUSED';
      readonly by: string;
      readonly comment: string;
      readonly cause?: PauseCause | undefined;
    }
  | {
      readonly type: 'RESUMED';
      readonly by: string;
      readonly comment: string | null;
      readonly expiresAt: Date | null;
    }
  | {
      readonly type: 'COMMENTED';
      readonly by: string;
      readonly comment: string;
      readonly mentions: readonly string[];
    }
  | {
      readonly type: 'COPIED_IN';
      readonly by: string;
      readonly people: readonly string[];
      readonly comment: string | null;
    }
  | {
      readonly type: 'REVOKED';
      readonly step: string;
      readonly ordinal: number;
      readonly by: string;
      readonly comment: string | null;
      /** Assignments of the step that wait again until their turn comes. */
      readonly waiting: readonly number[];
    }
  | {
      readonly type: 'APPROVER_REMOVED';
      readonly step: string;
      readonly ordinal: number;
      readonly by: string;
      readonly comment: string | null;
    }
  | {
      readonly type: 'AMENDED';
      readonly step: string;
      readonly ordinal: number;
      readonly by: string;
      readonly comment: string | null;
      readonly changed: readonly string[];
      /** The changed fields only. */
      readonly before: Readonly<Record<string, unknown>>;
      readonly after: Readonly<Record<string, unknown>>;
      /** The whole subject as amended, with its digest. */
      readonly subject: SubjectSnapshot;
      /** Steps of this round whose approvals depend on a changed field. */
      readonly touches: readonly string[];
    }
  | {
      readonly type: 'REASSIGNED';
      readonly override: true;
      readonly step: string;
      readonly ordinal: number;
      readonly by: string;
      readonly comment: string;
      readonly successor: NewAssignment;
    }
  | {
      readonly type: 'OVERRIDDEN';
      readonly override: true;
      readonly by: string;
      readonly action: 'SKIP_STEP' | 'RESTART';
      readonly step: string | null;
      readonly comment: string;
    };

export type VerbCommand =
  | {
      readonly type: 'ask';
      readonly by: string;
      readonly ordinal: number;
      /** null: the requester. */
      readonly of: string | null;
      readonly question: string | null;
    }
  | {
      readonly type: 'answer';
      readonly by: string;
      readonly number: number;
      readonly answer: string | null;
    }
  | { readonly type: 'pause' | 'resume'; readonly by: string; readonly comment: string | null }
  | {
      readonly type: 'comment';
      readonly by: string;
      readonly comment: string | null;
      readonly mentions: readonly string[];
    }
  | {
      readonly type: 'copy-in';
      readonly by: string;
      readonly people: readonly string[];
      readonly comment: string | null;
    }
  | {
      readonly type: 'revoke' | 'remove-approver';
      readonly by: string;
      readonly ordinal: number;
      readonly comment: string | null;
    }
  | {
      readonly type: 'amend';
      readonly by: string;
      readonly ordinal: number;
      /** The subject as it is after the amendment. */
      readonly subject: SubjectSnapshot;
      readonly comment: string | null;
    }
  | {
      readonly type: 'reassign';
      readonly by: string;
      readonly ordinal: number;
      readonly toPersonId: string;
      readonly comment: string | null;
    }
  | {
      readonly type: 'skip-step';
      readonly by: string;
      readonly step: string;
      readonly comment: string | null;
    }
  | { readonly type: 'restart'; readonly by: string; readonly comment: string | null }
  /** Reckons due times again by the calendars as they are; `history` is every fact of the request. */
  | {
      readonly type: 'reckon';
      readonly by: string;
      readonly because: CalendarChange;
      readonly history: readonly Fact[];
    }
  /** The request's own time has run out. */
  | { readonly type: 'expire' };
