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

/** Failed sign-ins per account and address; written by rate-limiter-flexible, in its own shape. */
@Entity({ tableName: 'sign_in_attempt' })
export class SignInAttempt {
  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'integer', default: 0 })
  points!: number;

  /** Milliseconds since 1970. */
  @Property({ type: 'bigint', nullable: true })
  expire: string | null = null;
}
