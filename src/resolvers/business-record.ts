import { Ctx, FieldResolver, Resolver, Root, type ClassType } from 'type-graphql';
import type { Context } from '../context.js';
import { Department } from '../entities/organisation/department.js';
import { User } from '../entities/organisation/user.js';
import type { BusinessRecord } from '../entities/record.js';
import { departmentById, personById } from '../queries/organisation/people.js';

interface OwnerAndDepartment {
  owner(record: BusinessRecord, ctx: Context): Promise<User>;
  department(record: BusinessRecord, ctx: Context): Promise<Department | null> | null;
}

/** The fields that every business record resolves alike; extend it: `class PlanResolver extends businessRecordFields(Plan)`. */
export function businessRecordFields(
  record: ClassType<BusinessRecord>,
): abstract new () => OwnerAndDepartment {
  @Resolver(() => record)
  abstract class BusinessRecordFields implements OwnerAndDepartment {
    @FieldResolver(() => User, { description: 'Who answers for it.' })
    owner(@Root() { ownerId }: BusinessRecord, @Ctx() ctx: Context): Promise<User> {
      return personById(ctx, ownerId);
    }

    @FieldResolver(() => Department, {
      nullable: true,
      description: 'The department it belongs to; scopes go by it.',
    })
    department(
      @Root() { departmentId }: BusinessRecord,
      @Ctx() ctx: Context,
    ): Promise<Department | null> | null {
      return departmentId === null ? null : departmentById(ctx, departmentId);
    }
  }
  return BusinessRecordFields;
}
