import {
  calendarOfDepartment,
  calendarOfPerson,
  departmentsUp,
  type Organisation,
} from '../../workflows/organisation.js';
import type { OrganisationSnapshot } from './load-organisation.js';

/** Whose due times a change of a calendar reaches. */
export interface CalendarScope {
  /** The calendar that was edited; null: it was only given to someone. */
  readonly calendar: string | null;
  /** Everyone who works by it now, or was given another. */
  readonly people: readonly string[];
  /** Departments whose plans and follow-ups go by it; '' for those of no department: the company's. */
  readonly departments: readonly string[];
}

/** What was changed: a calendar itself, or whose it is. */
export interface ChangedCalendar {
  readonly calendarKey: string;
  readonly kind: string;
  readonly personId: string | null;
  readonly departmentId: string | null;
}

/** Reckoned with the organisation as it is: what joined meanwhile has its due times by the new calendar already. */
export function scopeOf(
  { organisation, calendarOf }: OrganisationSnapshot,
  { calendarKey, kind, personId, departmentId }: ChangedCalendar,
): CalendarScope {
  const people = [...organisation.people.keys()];
  const departments = [...organisation.departments.keys(), ''];
  const of = (key: string | null): string => calendarOf(key).key;
  const ofDepartment = (id: string): string | null => calendarOfDepartment(organisation, id || null);
  if (kind !== 'ASSIGNED') {
    return {
      calendar: calendarKey,
      people: people.filter((id) => of(calendarOfPerson(organisation, id)) === calendarKey),
      departments: departments.filter((id) => of(ofDepartment(id)) === calendarKey),
    };
  }
  if (personId !== null) return { calendar: null, people: [personId], departments: [] };
  if (departmentId !== null) {
    return {
      calendar: null,
      people: people.filter((id) =>
        isUnder(organisation, organisation.people.get(id)?.departmentId, departmentId),
      ),
      departments: departments.filter((id) => isUnder(organisation, id, departmentId)),
    };
  }
  return {
    calendar: null,
    people: people.filter((id) => calendarOfPerson(organisation, id) === null),
    departments: departments.filter((id) => ofDepartment(id) === null),
  };
}

const isUnder = (
  organisation: Organisation,
  departmentId: string | null | undefined,
  above: string,
): boolean => departmentsUp(organisation, departmentId ?? null).some(({ id }) => id === above);
