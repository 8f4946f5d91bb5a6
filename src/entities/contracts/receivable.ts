import { Entity, Enum, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import type { PaymentLadder } from '../../workflows/payment-ladder.js';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { Day, Decimal, Instant } from '../scalars.js';
import { Contract, PaymentTerm } from './contract.js';

export enum ReceivableStatus {
  OPEN = 'OPEN',
  PAID = 'PAID',
  STOPPED = 'STOPPED',
}
registerEnumType(ReceivableStatus, {
  name: 'ReceivableStatus',
  description: 'Whether a payment is asked for.',
  valuesConfig: {
    OPEN: { description: 'Not paid in full; reminders and the ladder run.' },
    PAID: { description: 'Paid in full.' },
    STOPPED: { description: 'Its contract is in force no more.' },
  },
});

/** A payment that a contract in force calls for by a day, and its ladder, which is that of the packs when it began. */
@Entity({ tableName: 'receivable' })
@Index({
  name: 'receivable_open',
  expression: "create index receivable_open on receivable (due_at, id) where status = 'OPEN'",
})
@Unique({ properties: ['termId'] })
export class Receivable {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => PaymentTerm, 'term_id', { index: false })
  termId!: string;

  @BelongsTo(() => Contract, 'contract_id')
  contractId!: string;

  /** The end of the day by which it is due. */
  @Property({ type: 'timestamptz', length: 3 })
  dueAt!: Date;

  @Enum({ items: () => ReceivableStatus })
  status: ReceivableStatus = ReceivableStatus.OPEN;

  @Property({ type: 'jsonb' })
  ladder!: PaymentLadder;

  @Property({ type: 'integer' })
  rung: number = 0;

  /** Grows whenever the ladder begins anew; timers of a cycle before act no more. */
  @Property({ type: 'integer' })
  cycle: number = 1;

  @Property({ type: 'timestamptz', length: 3 })
  since!: Date;
}

/** Money that came in for a payment term, or takes back what was entered wrongly. Append-only. */
@ObjectType({ description: 'Money that came in, or a correction of it.' })
@Entity({ tableName: 'receipt' })
@Index({ properties: ['termId', 'at', 'id'] })
@Unique({ properties: ['correctsId'] })
export class Receipt {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => PaymentTerm, 'term_id', { index: false })
  termId!: string;

  @Field(() => Decimal, { description: "Amount in the contract's currency; below 0 in a correction." })
  @Property({ type: 'decimal', precision: 18, scale: 2 })
  amount!: string;

  @Field(() => Day, { description: 'Day on which it came in.' })
  @Property({ type: 'date' })
  receivedOn!: string;

  @Field(() => String, { nullable: true, description: 'More about it; why, in a correction.' })
  @Property({ type: 'text', nullable: true })
  note: string | null = null;

  /** The entry that this one takes back, each at most once. */
  @BelongsTo(() => Receipt, 'corrects_id', { nullable: true, index: false })
  correctsId: string | null = null;

  @BelongsTo(() => User, 'by_id', { index: false })
  byId!: string;

  @Field(() => Instant, { description: 'When it was entered.' })
  @Property({ type: 'timestamptz', length: 3 })
  at!: Date;
}

/** A ladder of packs for payments, by key; the newest version. */
@Entity({ tableName: 'payment_ladder' })
export class PaymentLadderRow {
  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'integer' })
  version!: number;

  @Property({ type: 'jsonb' })
  definition!: unknown;
}
