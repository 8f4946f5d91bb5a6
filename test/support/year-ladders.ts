import { namedFor, type Running } from './year-approvals.js';
import { actsOf, dateOf, DAY, later, packFile, type Span, type YearLadder } from './year-calendar.js';
import type { YearOracle } from './year-oracle.js';
import type { YearRecord } from './year-people.js';

// Stages to which nothing happens and payments that do not come in, as the packs' rows say that they are chased. The
// people of the simulated year all work by China's calendar where these go by a department's.

interface StallRule extends YearLadder {
  readonly after: Span;
}
interface StageRow {
  readonly key: string;
  readonly start?: readonly (string | { readonly form: string })[];
  readonly result?: readonly (string | { readonly form: string })[];
  readonly stalled?: StallRule;
}
const PROJECT = packFile('software-project/stages.yaml') as {
  readonly stalled: StallRule;
  readonly stages: readonly StageRow[];
};

/** A project whose stages are watched. */
export interface Watched {
  /** Something happens to it: its open stage's time begins anew. */
  touched(): void;
  /** Whoever is asked about a document of the open gate; null: nobody any more. */
  handedIn(form: string, running: Running): void;
  /** The document counts from now on. */
  filed(form: string): void;
}

export function watchStages(oracle: YearOracle, { name, owner }: YearRecord): Watched {
  const calendar = oracle.calendars['china']!;
  const filed = new Set<string>();
  const inApproval = new Map<string, Running>();
  let touches = 0;
  const openGate = (): { stage: StageRow; missing: string[] } => {
    for (const stage of PROJECT.stages)
      for (const asked of [stage.start, stage.result]) {
        const forms = (asked ?? []).map((one) => (typeof one === 'string' ? one : one.form));
        const missing = forms.filter((form) => !filed.has(form));
        if (missing.length > 0) return { stage, missing };
      }
    throw new Error('nobody comes this far in a year');
  };
  const chase = (key: string, index: number): void => {
    const { stage, missing } = openGate();
    const { action } = (stage.stalled ?? PROJECT.stalled).ladder![index]!;
    const waitsFor = missing.flatMap((form) => inApproval.get(form)?.asked ?? owner);
    const named = action.do === 'notify' ? namedFor(owner, action.who) : [];
    oracle.tell('STAGE', `${name} ${key}/rung/${index}`, oracle.standIns([...waitsFor, ...named]));
  };
  return {
    touched() {
      const touch = (touches += 1);
      const { stage } = openGate();
      const rule = stage.stalled ?? PROJECT.stalled;
      const stalls = later(calendar, oracle.now, rule.after);
      for (const { index, at } of actsOf(rule, stalls, calendar, oracle.now))
        oracle.at(at, () => void (touch === touches && chase(stage.key, index)));
    },
    handedIn: (form, running) => void inApproval.set(form, running),
    filed(form) {
      inApproval.delete(form);
      filed.add(form);
    },
  };
}

interface Dunning {
  readonly reminders: NonNullable<YearLadder['reminders']>;
  readonly ladder: readonly {
    readonly after: Span;
    readonly action: {
      readonly do: string;
      readonly who?: readonly { rule: string; role?: string }[];
      readonly kind?: string;
      readonly title?: { readonly en: string };
      readonly for?: string;
      readonly due?: Span;
    };
  }[];
}
const DUNNING = packFile('contract-review/payments.yaml') as Dunning;

/** The one payment of a contract in force: chased from now on until it has come in. */
export function chasePayment(oracle: YearOracle, contract: YearRecord, amount: number): void {
  const { name, owner } = contract;
  const calendar = oracle.calendars['china']!;
  const due = contract.events['payment-1']!;
  let received = 0;
  const act = (kind: string, index: number): void => {
    if (received >= amount) return;
    const action = kind === 'rung' ? DUNNING.ladder[index]!.action : { do: 'remind' };
    if (action.do === 'follow-up') {
      if (action.for !== 'owner') throw new Error('only the owner calls here');
      oracle.make({
        title: action.title!.en,
        kind: action.kind!,
        about: name,
        record: contract,
        person: owner,
        due: later(calendar, oracle.now, action.due!),
        ladder: {},
        calendar,
      });
    }
    const named = action.do === 'notify' ? namedFor(owner, action.who) : [];
    oracle.tell('PAYMENT', `${name} ${kind}/${index}`, oracle.standIns([owner, ...named]));
  };
  for (const { kind, index, at } of actsOf(DUNNING, Math.max(due, oracle.now), calendar, oracle.now))
    oracle.at(at, () => act(kind, index));

  const comesIn = (part: number, time: number): void =>
    oracle.at(oracle.moment(time), () => {
      received += part;
      const today = calendar.dayOf(oracle.now);
      oracle.act('finance', 'receipt', { title: name, amount: part, receivedOn: dateOf(today) });
      if (today > calendar.dayOf(due) || received < amount) oracle.tell('RECEIPT', name, [owner, 'finance']);
    });
  const luck = oracle.random();
  if (luck > 0.7) return;
  const parts = luck < 0.4 ? 1 : 2;
  const first = Math.max(oracle.now, due - 9 * DAY) + oracle.random() * 26 * DAY;
  for (let part = 0; part < parts; part += 1) comesIn(amount / parts, first + part * 6 * DAY);
}
