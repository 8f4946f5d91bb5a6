import { ManyToOne } from '@mikro-orm/decorators/legacy';

interface Link {
  readonly nullable?: boolean;
  /** No index where the key is the head of another one, or never searched by. */
  readonly index?: boolean;
}

/** A foreign key held as the plain id of the other row: no object is loaded, and none can be forgotten. */
export const BelongsTo = (
  entity: () => unknown,
  column: string,
  { nullable = false, index = true }: Link = {},
): PropertyDecorator =>
  ManyToOne(entity as () => never, {
    mapToPk: true,
    fieldName: column,
    nullable,
    index,
    updateRule: 'no action',
    deleteRule: 'no action',
  }) as PropertyDecorator;
