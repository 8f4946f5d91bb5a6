import { randomFrom } from './random.js';
import {
  actsOf,
  DAY,
  dueBy,
  HOUR,
  packFile,
  readCalendar,
  recurring,
  later,
  type YearCalendar,
  type YearLadder,
  type YearRule,
} from './year-calendar.js';
import {
  DIGESTS,
  FIELD_ROLES,
  MANAGER,
  NAMES,
  CALL_AGAIN,
  type YearAct,
  type YearRecord,
  type YearSchedule,
} from './year-people.js';

// What a year of the demo company must come to: a small world of its own that knows the packs' rows and what people do,
// and writes down everything that is made, told, climbed and done, with its time.

interface Item {
  readonly rule: string;
  readonly schedule: YearSchedule | null;
  readonly kind: string;
  readonly about: string;
  readonly record: YearRecord | null;
  person: string | null;
  readonly role: string | null;
  readonly department: string | null;
  due: number | null;
  readonly hangs: boolean;
  readonly k: number;
  readonly repeat: YearRule | null;
  readonly ladder: YearLadder;
  readonly calendar: YearCalendar;
  cycle: number;
  rung: number;
  open: boolean;
  broken: boolean;
}

export const iso = (at: number): string => new Date(at).toISOString();

export class YearOracle {
  readonly acts: YearAct[] = [];
  readonly calendars: Readonly<Record<string, YearCalendar>> = {
    china: readCalendar('china'),
    'monday-friday': readCalendar('monday-friday'),
  };
  readonly random: () => number;
  now: number;
  private readonly lines: string[] = [];
  private readonly digests = new Set<string>();
  private readonly agenda: { at: number; order: number; act: () => void }[] = [];
  private ordered = 0;
  private stamps = 0;
  private readonly items: Item[] = [];
  private readonly claimed = new Set<string>();
  private readonly hung: readonly YearSchedule[];
  private readonly scheduled: readonly YearSchedule[];
  private readonly absences: { person: string; substitute: string; from: number; until: number }[] = [];
  private readonly doings: { by: string; what: string; at: number }[] = [];

  constructor(
    seed: number,
    readonly from: number,
    readonly until: number,
  ) {
    this.random = randomFrom(seed);
    this.now = from;
    const rows = (file: string): YearSchedule[] =>
      (packFile(`field-sales/${file}`) as { rules: YearSchedule[] }).rules;
    this.hung = rows('records.yaml').toSorted((a, b) => (a.key < b.key ? -1 : 1));
    this.scheduled = rows('reports.yaml');
    for (const schedule of this.scheduled) this.recur(schedule, from);
  }

  /** Everything up to the end, in order of time. */
  run(): readonly string[] {
    this.tell('SCHEDULE_UNSET', 'packs', ['admin']);
    for (;;) {
      const next = this.agenda.shift();
      if (!next || next.at >= this.until) break;
      this.now = Math.max(this.now, next.at);
      next.act();
    }
    return [...this.lines, ...this.digests].toSorted();
  }

  log(...parts: (string | number)[]): void {
    this.lines.push([iso(this.now), ...parts].join(' | '));
  }

  /** At its time, or now when that has passed; `planned` orders what comes at one moment. */
  at(time: number, act: () => void): void {
    const entry = { at: Math.max(time, this.now), order: (this.ordered += 1), act };
    let place = this.agenda.length;
    while (place > 0 && this.agenda[place - 1]!.at > entry.at) place -= 1;
    this.agenda.splice(place, 0, entry);
  }

  /** A moment for a person to act: none is that of another or of a timer. */
  moment(time: number): number {
    this.stamps += 1;
    const minute = Math.floor(Math.max(time, this.now + 120_000) / 60_000) * 60_000;
    return minute + 10_000 + (this.stamps % 45_000);
  }

  /** What a person does now. */
  act(as: string, act: string, what: Record<string, unknown>): void {
    this.acts.push({ at: this.now, as, act, with: what });
  }

  tell(kind: string, key: string, people: readonly string[], text = ''): void {
    for (const person of new Set(people)) {
      this.log('notice', kind, key, person, text);
      const calendar = this.calendars[DIGESTS[person] ?? ''];
      if (!calendar) continue;
      const today = calendar.dayOf(this.now);
      const first = calendar.instant(today, 8 * HOUR) > this.now ? today : today + 1;
      const digest = calendar.instant(calendar.workedFrom(first, 1), 8 * HOUR);
      if (digest < this.until) this.digests.add([iso(digest), 'digest', person].join(' | '));
    }
  }

  // ── People ───────────────────────────────────────────────────────────────────────────────────────

  away(person: string, substitute: string, from: number, until: number): void {
    this.absences.push({ person, substitute, from, until });
    this.at(from, () => {
      this.log('absence-begins', person);
      for (const turns of this.turns) turns(person, substitute);
    });
    this.at(until, () => {
      this.log('absence-ends', person);
      for (const turns of this.turns) turns(substitute, person);
    });
  }

  /** Called when turns go from one person to another, as an absence begins or ends. */
  readonly turns = new Set<(from: string, to: string) => void>();

  /** Whoever stands in for a person now; the person, when they are here. */
  insteadOf(who: string): string {
    const isAway = ({ person, from, until }: (typeof this.absences)[number]): boolean =>
      person === who && from <= this.now && this.now < until;
    return this.absences.find(isAway)?.substitute ?? who;
  }

  standIns(people: readonly string[]): string[] {
    return [...new Set(people.flatMap((who) => [who, this.insteadOf(who)]))];
  }

  private holders(role: string, department: string | null): string[] {
    return FIELD_ROLES.filter(
      ([, held, where]) => held === role && (department === null || where === department),
    ).map(([person]) => person);
  }

  // ── What recurs ──────────────────────────────────────────────────────────────────────────────────

  recur(schedule: YearSchedule, from: number): void {
    const { rule, makes, counts } = schedule;
    if (['unset', 'rolling-window'].includes(rule.kind)) return;
    const calendar = this.calendars[schedule.calendar ?? 'monday-friday']!;
    if (counts) return this.count(schedule, calendar);
    for (const { at, opens } of recurring(rule, calendar, from, this.until + 100 * DAY)) {
      const made = makes!.madeBefore ? later(calendar, at, makes!.madeBefore, -1) : (opens ?? at);
      const due = makes!.dueAfter ? later(calendar, at, makes!.dueAfter) : at;
      this.at(made, () => this.makeRecurring(schedule, due, calendar));
    }
  }

  private makeRecurring(schedule: YearSchedule, due: number, calendar: YearCalendar): void {
    const makes = schedule.makes!;
    if (makes.do === 'notice')
      return this.tell(
        'SCHEDULE',
        schedule.key,
        this.standIns(this.holders(makes.role!, null)),
        makes.text!.en,
      );
    const { role, each = 'holder' } = makes.for as { role: string; each?: string };
    const places = new Set(FIELD_ROLES.filter(([, held]) => held === role).map(([, , where]) => where));
    const rest = { schedule, due, calendar, kind: makes.kind, ladder: makes.ladder ?? {} };
    if (each === 'department')
      for (const department of places)
        this.make({ ...rest, role, department, about: `${role}@${department}` });
    else for (const person of this.holders(role, null)) this.make({ ...rest, person, about: person });
  }

  private count({ key, title, rule, counts }: YearSchedule, calendar: YearCalendar): void {
    const starts = (day: number): boolean =>
      rule['period'] === 'week' ? (day + 3) % 7 === 0 : iso(day * DAY).slice(8, 10) === '01';
    for (let day = calendar.dayOf(this.from) + 1, first = 0; day <= calendar.dayOf(this.until); day += 1) {
      if (!starts(day)) continue;
      const [begun, end] = [first, calendar.instant(day, 0)];
      first = end;
      const what = counts!.what === 'new-customers' ? ['customer'] : counts!.kinds!;
      this.at(end, () => {
        for (const person of this.holders(counts!.role, null)) {
          const done = this.doings.filter(
            (one) => one.by === person && what.includes(one.what) && one.at >= begun && one.at < end,
          ).length;
          const target = rule['target'] as number;
          if (done >= target) continue;
          const text = `${NAMES[person]}: ${title.en}: ${done} of ${target}.`;
          this.tell('SCHEDULE', `${key} ${person}`, [person, MANAGER[person]!], text);
        }
      });
    }
  }

  did(by: string, what: string): void {
    this.doings.push({ by, what, at: this.now });
  }

  // ── Follow-ups ───────────────────────────────────────────────────────────────────────────────────

  make(
    given: Partial<Item> & Pick<Item, 'kind' | 'about' | 'ladder' | 'calendar'> & { title?: string },
  ): Item {
    const item: Item = {
      rule: given.schedule?.key ?? given.title!,
      schedule: null,
      record: null,
      person: null,
      role: null,
      department: null,
      due: null,
      hangs: false,
      k: 0,
      repeat: null,
      ...given,
      cycle: 1,
      rung: 0,
      open: true,
      broken: given.broken ?? false,
    };
    this.items.push(item);
    this.log('CREATED', item.rule, item.about, item.due === null ? '' : iso(item.due));
    if (item.broken) this.tellBroken(item);
    this.begin(item);
    return item;
  }

  private tellBroken(item: Item): void {
    this.log('VIOLATED', item.rule, item.about);
    this.tell('FOLLOW_UP', `${item.rule} ${item.about} violation`, this.standIns(this.ownersOf(item)));
  }

  /** Its reminders and rungs, and when somebody does it, if anybody does. */
  private begin(item: Item): void {
    if (item.due === null) return;
    const { cycle } = item;
    const isLive = (): boolean => item.open && item.cycle === cycle;
    for (const { kind, index, at } of actsOf(item.ladder, item.due, item.calendar, this.now).toSorted(
      (a, b) => a.at - b.at,
    ))
      this.at(at, () => void (isLive() && this.chase(item, kind, index)));
    const luck = this.random();
    if (luck > 0.9) return;
    const stretch = Math.max(item.due - this.now, HOUR);
    const time =
      luck < 0.68 ? this.now + stretch * (0.3 + this.random() * 0.65) : item.due + this.random() * 5 * DAY;
    this.at(this.moment(time), () => void (isLive() && this.complete(item)));
  }

  private ownersOf({ person, role, department }: Item): string[] {
    return person === null ? this.holders(role!, department) : [person];
  }

  private chase(item: Item, kind: 'reminder' | 'rung', index: number): void {
    const action = kind === 'rung' ? item.ladder.ladder![index]!.action : { do: 'remind' };
    const others =
      action.do === 'remind' ? [] : this.ownersOf(item).flatMap((person) => MANAGER[person] ?? []);
    if (action.do === 'hand-over' && others[0]) {
      item.person = others[0];
      this.log('HANDED_OVER', item.rule, item.about, others[0]);
    }
    if (kind === 'rung') item.rung = Math.max(item.rung, index + 1);
    const people = [...new Set(this.standIns([...this.ownersOf(item), ...others]))];
    if (action.do !== 'hand-over')
      this.log(
        kind === 'rung' && action.do !== 'remind' ? 'ESCALATED' : 'REMINDED',
        item.rule,
        item.about,
        item.rung,
        people.toSorted().join(),
      );
    this.tell('FOLLOW_UP', `${item.rule} ${item.about} ${item.cycle}/${kind}/${index}`, people);
  }

  private complete(item: Item): void {
    const luck = this.random();
    const onCustomer = item.record?.type === 'CUSTOMER' && item.kind === 'CALL';
    const outcomeKind = !onCustomer || luck < 0.75 ? 'SUCCEEDED' : luck < 0.85 ? 'DECLINED' : 'NOT_REACHED';
    const by = this.ownersOf(item)[0]!;
    const nextDue = outcomeKind === 'NOT_REACHED' ? this.now + 2 * DAY : null;
    const { rule, about, due, record } = item;
    this.act(by, 'complete', { rule, about, due: iso(due!), outcomeKind, nextDue: nextDue && iso(nextDue) });
    item.open = false;
    this.log('COMPLETED', rule, about, iso(due!), outcomeKind);
    if (outcomeKind !== 'NOT_REACHED') this.did(by, item.kind);
    if (nextDue) {
      const rest = { calendar: this.calendars['china']!, person: by, about, record, due: nextDue };
      this.make({ title: 'Call again', kind: 'CALL', ladder: CALL_AGAIN, ...rest });
    } else this.makeNext(item);
    if (!record) return;
    record.touched?.();
    if (onCustomer && outcomeKind !== 'NOT_REACHED') record.events['last-contact'] = this.now;
    this.bringUpToDate(record);
  }

  private makeNext(item: Item): void {
    const { repeat, record, calendar, due } = item;
    if (!repeat) return;
    const again = { ...item, broken: false };
    if (repeat.kind !== 'every-months') {
      const from = Math.max(this.now, due! + 1);
      const next = recurring(repeat, calendar, from, from + 40 * DAY)[0]!;
      this.make({ ...again, due: next.at, title: item.rule });
      return;
    }
    for (let k = item.k + 1; ; k += 1) {
      const { at } = dueBy(repeat, record!.events, calendar, k);
      if (at === null || at >= this.now) return void this.make({ ...again, k, due: at, title: item.rule });
    }
  }

  // ── Records ──────────────────────────────────────────────────────────────────────────────────────

  /** What hangs on a record goes to where its events are now. */
  bringUpToDate(record: YearRecord): void {
    const isAbout = ({ on }: YearSchedule): boolean =>
      on?.subject === record.type &&
      Object.entries(on.where ?? {}).every(([field, values]) => values.includes(record.fields[field]!));
    const open = this.items.filter((item) => item.open && item.record === record);
    for (const item of open) {
      if (item.schedule && !isAbout(item.schedule)) {
        item.open = false;
        this.log('CANCELLED', item.rule, item.about);
      } else if (item.schedule && item.hangs) this.move(item, item.schedule);
    }
    for (const schedule of this.hung)
      if (isAbout(schedule) && !open.some((item) => item.schedule === schedule && item.open))
        this.makeHanging(schedule, record);
  }

  private move(item: Item, { rule }: YearSchedule): void {
    const { at, broken } = dueBy(rule, item.record!.events, item.calendar, item.k);
    const moved = at !== item.due;
    if (broken && (moved || !item.broken)) this.tellBroken(item);
    item.broken = broken;
    if (!moved) return;
    this.log('MOVED', item.rule, item.about, at === null ? '' : iso(at));
    Object.assign(item, { due: at, rung: 0, cycle: item.cycle + 1 });
    this.begin(item);
  }

  private makeHanging(schedule: YearSchedule, record: YearRecord): void {
    const { key, rule, on, makes } = schedule;
    const calendar = this.calendars[schedule.calendar!]!;
    const { at: due, broken } = dueBy(rule, record.events, calendar);
    if (due === null || due < this.from) return;
    const claim = `${key} ${record.type} ${record.name} ${on!.again ? record.events[rule['anchor'] as string] : ''}`;
    if (this.claimed.has(claim)) return;
    this.claimed.add(claim);
    const repeat = rule.kind === 'every-months' ? rule : null;
    const rest = { schedule, record, due, broken, repeat, calendar, hangs: true };
    this.make({
      ...rest,
      kind: makes!.kind,
      ladder: makes!.ladder ?? {},
      person: record.owner,
      about: record.name,
    });
  }
}
