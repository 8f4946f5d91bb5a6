import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** The words of a kind of message on a channel, as a pack gives them; see workflows/message-template.ts for the shape. */
@Entity({ tableName: 'message_template' })
export class MessageTemplateRow {
  /** `ASSIGNED/mail`; `ANY/mail` stands for every kind without a template of its own. */
  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'jsonb' })
  definition!: unknown;
}
