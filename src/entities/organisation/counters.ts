import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** The last number given per kind and year. Incremented in the transaction that uses it, so numbers have no gaps. */
@Entity({ tableName: 'number_sequence' })
export class NumberSequence {
  /** `C-2026`. */
  @PrimaryKey({ type: 'text' })
  prefix!: string;

  @Property({ type: 'integer' })
  last!: number;
}

/** One row: grows with each change of people, departments, roles, grants, absences or calendars (triggers). */
@Entity({ tableName: 'organisation_revision' })
export class OrganisationRevision {
  @PrimaryKey({ type: 'text' })
  key: string = 'organisation';

  @Property({ type: 'integer' })
  revision!: number;
}
