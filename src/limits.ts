/** Every bound in one place, each with its reason. */

/** A requester may nudge once in this time: often enough to matter, too seldom to annoy. */
export const NUDGE_INTERVAL_MINUTES = 60;

/** Comments and notes: a page of text; more belongs into a document. */
export const COMMENT_MAX_LENGTH = 4000;

/** Titles and names: what fits into a list. */
export const TITLE_MAX_LENGTH = 200;

/** Rows per page: one screen of any list. `first` above it is refused, not cut. */
export const PAGE_MAX = 100;
export const PAGE_DEFAULT = 20;

/** Lines of one plan or contract: the largest seen in the catalogue's companies is under 300. */
export const LINES_MAX = 500;

/** Assignments in one request over all rounds: keeps a decision in microseconds; beyond it something is wrong. */
export const ASSIGNMENTS_MAX = 2000;

/** Questions in one request over all rounds; beyond it people should talk. */
export const QUESTIONS_MAX = 200;

/** People mentioned or copied in at once, and decisions in one list: what a person can mean to do at once. */
export const PEOPLE_AT_ONCE_MAX = 50;
export const DECISIONS_AT_ONCE_MAX = 100;

/** Size of a free JSON field (document data), in bytes of its text. */
export const JSON_MAX_BYTES = 65_536;

/** One uploaded file, in bytes: a scanned contract of some hundred pages; it is held in memory while it is stored. */
export const FILE_MAX_BYTES = 10_485_760;

/** Files at once, of one subject and of one request: what people can still look through. */
export const FILES_AT_ONCE_MAX = 20;
export const SUBJECT_FILES_MAX = 50;
export const REQUEST_FILES_MAX = 200;

/** Uploads of one person in a day: above all that people do by hand, below what fills a disk. */
export const UPLOADS_PER_DAY_MAX = 500;

/** GraphQL: tokens, depth, aliases, directives and cost of one operation. A 120-byte nested query can exhaust 4 GB. */
export const QUERY_MAX_TOKENS = 2000;
export const QUERY_MAX_DEPTH = 12;
export const QUERY_MAX_ALIASES = 15;
export const QUERY_MAX_DIRECTIVES = 20;
export const QUERY_MAX_COST = 20_000;

/** Body of one HTTP request, in bytes. */
export const BODY_MAX_BYTES = 262_144;

/** One HTTP request ends after this time at the latest, in milliseconds; the database statement before it. */
export const REQUEST_TIMEOUT_MS = 15_000;
export const STATEMENT_TIMEOUT_MS = 10_000;
export const LOCK_TIMEOUT_MS = 5_000;

/** Transactions are tried again this often after a deadlock or a serialisation failure. */
export const TRANSACTION_TRIES = 4;

/** Sign-in: access tokens live short, sessions as long as a working week. */
export const ACCESS_TOKEN_MINUTES = 30;
export const SESSION_DAYS = 7;

/** Failed sign-ins per account and address in the window below, then waiting. Counted per pair, so nobody can lock another out. */
export const SIGN_IN_TRIES = 10;
export const SIGN_IN_WINDOW_SECONDS = 900;

/** Idempotency keys are remembered this long. */
export const IDEMPOTENCY_DAYS = 7;

/** Delivery of one outbox message: tries before it is parked as dead, and the longest wait between two. */
export const DELIVERY_TRIES = 12;
export const DELIVERY_BACKOFF_MAX_SECONDS = 3600;

/**
 * Sending outside: about two days of tries, so that a receiver may be away over a night and a day. A lease outlasts every
 * send, and is how long a message waits whose sender was killed.
 */
export const SEND_TRIES = 20;
export const SEND_BACKOFF_MAX_SECONDS = 21_600;
export const SEND_TIMEOUT_MS = 15_000;
export const SEND_LEASE_SECONDS = 120;

/** Sends at once on one channel, and to one receiver of it: a receiver that never answers keeps most lanes free. */
export const SENDS_AT_ONCE = 8;
export const SENDS_PER_RECEIVER = 2;

/** A link in a mail decides within three days; over a weekend people sign in. */
export const DECISION_LINK_HOURS = 72;

/** An expired link is remembered this long: its page says that it has expired. */
export const LINK_KEPT_DAYS = 30;

/** Links that lead nowhere, per address and window, before it must wait: nobody follows that many by mistake. */
export const LINK_TRIES = 30;
export const LINK_WINDOW_SECONDS = 900;

/** A signed checkpoint of the record a day: what was removed or rewritten since shows against it. */
export const CHECKPOINT_HOURS = 24;
/** A process definition sent as text, in characters: ten times the largest shipped one. */
export const PROCESS_TEXT_MAX = 100_000;

/** Requests that one simulation or one check of the organisation goes through: a few seconds of work at most. */
export const SIMULATED_MAX = 2000;

/** Requests whose history one insight is reckoned from. */
export const INSIGHT_MAX = 5000;

/** Endpoints and chat groups of one organisation: each costs a message per event, and each list is shown whole. */
export const WEBHOOK_ENDPOINTS_MAX = 50;
export const CHAT_CHANNELS_MAX = 50;

/** Tries of a webhook: a good three days, as receivers expect. A chat group that hears of it after half a day hears too late. */
export const WEBHOOK_TRIES = 26;
export const CHAT_TRIES = 14;

/** Time for one answer of a receiver, and the longest that can be set: both end before a send is given up. */
export const WEBHOOK_TIMEOUT_MS = 10_000;
export const WEBHOOK_TIMEOUT_MAX_SECONDS = 14;

/** What is read of an answer, in bytes: enough to see why it was refused. */
export const ANSWER_MAX_BYTES = 1024;

/** How long a receiver may ask us to wait, in seconds, and for how long after a message was written it may go on asking. */
export const RETRY_AFTER_MAX_SECONDS = 21_600;
export const RETRY_AFTER_PATIENCE_HOURS = 72;

/** An endpoint that takes nothing for so long, or gives up so many messages in a row, is disabled. */
export const WEBHOOK_FAILING_DAYS = 5;
export const WEBHOOK_GIVEN_UP_MAX = 20;

/** After a rotation the secret before it signs as well for so long: receivers change over in between. */
export const WEBHOOK_ROTATION_HOURS = 24;

/** Messages of webhooks and chats are kept this long after they were written: what can be looked at and replayed. */
export const WEBHOOK_KEPT_DAYS = 30;

/** Messages that one replay sends again; repeat it for more. */
export const REPLAYED_MAX = 10_000;
/** Requests moved to another version by one transaction: a second of locks at most; the rest follows by timers. */
export const MOVE_BATCH = 50;
/** Requests named in one move, and requests of which a move tells why they stayed. */
export const MOVED_AT_ONCE_MAX = 100;
export const MOVE_KEPT_MAX = 500;

/** Members of one approval group: what packs may give it, too. */
export const GROUP_MEMBERS_MAX = 200;

/** Events that people set on one record: the longest project of the catalogue has some thirty milestones. */
export const RECORD_EVENTS_MAX = 100;

/** Occurrences that a preview of a recurring rule shows: two months of working days. */
export const PREVIEWED_MAX = 50;

/** Special days of one business calendar: forty years of a country that moves its working days. */
export const CALENDAR_DAYS_MAX = 2000;

/** Business calendars of one company; each is read whole with the organisation. */
export const CALENDARS_MAX = 200;

/** Requests, plans, follow-ups and rules reckoned again by one transaction after a calendar changed: some tens of
 *  milliseconds, so that nobody waits long for a row. */
export const RECKONED_AT_ONCE = 50;

/** Once more after this time: by then every transaction that was under way with the old calendar has ended (statements and
 *  idle ones are cut off before), so that nothing it opened keeps the old due time. */
export const RECKONED_AGAIN_SECONDS = 60;

/** What a trial of a change shows of what it would move. */
export const MOVES_SHOWN = 100;

/** The link to the queue screen is good once within this time; what is entered by it, for so long. */
export const TICKET_SECONDS = 60;
export const QUEUE_SCREEN_MINUTES = 60;

/** Events of one calendar feed: what is due for a person, and what a calendar program reads at one go. */
export const CALENDAR_FEED_MAX = 500;
