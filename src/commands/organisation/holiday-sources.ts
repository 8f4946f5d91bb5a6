import { createRequire } from 'node:module';
import { refusal } from '../../errors.js';
import type { BusinessCalendar } from '../../workflows/calendar.js';
import type { LocalDate } from '../../workflows/duration.js';
import { daysOff, type SpecialDay } from '../../workflows/holiday-import.js';
import { check, requireSound } from '../input.js';

/** A country and perhaps a part of it, in one year. */
export interface HolidayQuestion {
  readonly country: string;
  readonly region: string | null;
  readonly year: number;
}

export interface PublishedDays {
  /** Such as `CN`, `DE-BE`. */
  readonly source: string;
  readonly days: Readonly<Record<LocalDate, SpecialDay>>;
}

/**
 * The statutory days off of a country and year, as the kept libraries know them: for China those that the State Council
 * has published, with the working days given in exchange; elsewhere the public holidays, computed.
 * @throws BAD_USER_INPUT for an unknown country or region, NO_HOLIDAY_DATA
 */
export async function publishedDays(
  calendar: BusinessCalendar,
  question: HolidayQuestion,
): Promise<PublishedDays> {
  const found = question.country === 'CN' ? chineseDays(question) : await publicHolidays(calendar, question);
  if (Object.keys(found.days).length > 0) return found;
  throw noData(question, 'none is public there');
}

const noData = ({ country, region, year }: HolidayQuestion, reason: string): Error =>
  refusal('NO_HOLIDAY_DATA', { place: region === null ? country : `${country}-${region}`, year, reason });

/** Days by date, their names written `English,中文,…`. */
interface ChineseYears {
  readonly holidays: Readonly<Record<LocalDate, string>>;
  readonly workdays: Readonly<Record<LocalDate, string>>;
}

const require = createRequire(import.meta.url);

/** The notices do not say which weekday's hours a day worked in exchange has: Monday's. */
function chineseDays(question: HolidayQuestion): PublishedDays {
  requireSound(
    check('region', question.region === null, 'none: the arrangement is that of the whole country'),
  );
  const data = require('chinese-days/dist/chinese-days.json') as ChineseYears;
  const inYear = <T>(days: Readonly<Record<LocalDate, T>>): [LocalDate, T][] =>
    Object.entries(days).filter(([date]) => date.startsWith(`${question.year}-`));
  const off = inYear(data.holidays);
  if (off.length === 0) throw noData(question, 'the arrangement of that year is not on record');
  const nameOf = (names: string): string => names.split(',')[1] ?? names;
  return {
    source: 'CN',
    days: Object.fromEntries([
      ...off.map(([date, names]): [LocalDate, SpecialDay] => [
        date,
        { holiday: { name: nameOf(names), spans: [] } },
      ]),
      ...inYear(data.workdays).map(([date]): [LocalDate, SpecialDay] => [date, { makeUp: 'monday' }]),
    ]),
  };
}

/** Years for which the movable calendars (Islamic, Hebrew) of the library are all tabled. */
const [FIRST_YEAR, LAST_YEAR] = [1970, 2076];

/** Loaded at the first question: its rules for all countries take some megabytes. */
async function publicHolidays(calendar: BusinessCalendar, question: HolidayQuestion): Promise<PublishedDays> {
  const { default: Holidays } = await import('date-holidays');
  const { country, region, year } = question;
  const all = new Holidays();
  requireSound(check('country', Object.hasOwn(all.getCountries(), country), 'an ISO 3166 code on record'));
  if (year < FIRST_YEAR || year > LAST_YEAR)
    throw noData(question, `only the years ${FIRST_YEAR} to ${LAST_YEAR} are computed`);
  const [state, part] = partsOf(region);
  const states = state === null ? null : all.getStates(country);
  requireSound(check('region', state === null || Object.hasOwn(states ?? {}, state), regionRule(states)));
  const regions = state === null || part === null ? null : all.getRegions(country, state);
  requireSound(check('region', part === null || Object.hasOwn(regions ?? {}, part), regionRule(regions)));
  const place = { country, ...(state === null ? {} : { state }), ...(part === null ? {} : { region: part }) };
  const here = new Holidays(place);
  const timeZone = here.getTimezones()[0] ?? calendar.timeZone;
  const off = here.getHolidays(year).filter(({ type }) => type === 'public');
  return {
    source: region === null ? country : `${country}-${region}`,
    days: daysOff(calendar, off, { timeZone, year }),
  };
}

/** `BE` is a state, `BY/A` a region of one. */
function partsOf(region: string | null): [string | null, string | null] {
  const [state = null, part = null] = region?.split('/') ?? [];
  return [state, part];
}

const regionRule = (known: Readonly<Record<string, string>> | null): string =>
  `one of: ${Object.keys(known ?? {}).join(', ') || 'none is on record'}`;
