/** Every permission that a role can grant. Deny by default: what no role grants, nobody may. */
export const PERMISSIONS = [
  'customer:read',
  'customer:create',
  'customer:update',
  'project:read',
  'project:create',
  'project:update',
  'plan:read',
  'plan:create',
  'plan:update',
  'contract:read',
  'contract:create',
  'contract:update',
  'document:read',
  'document:create',
  'document:update',
  'request:read',
  'request:cancel',
  'request:unblock',
  'request:erase',
  'request:override',
  'process:read',
  'process:publish',
  'timer:read',
  'timer:manage',
  'organisation:read',
  'organisation:manage',
  'audit:read',
  'webhook:manage',
  'chat:manage',
] as const;
export type PermissionName = (typeof PERMISSIONS)[number];

/** Which rows a permission reaches: mine, my department's, those of my department and below, or every row. */
export const SCOPES = ['own', 'team', 'subtree', 'all'] as const;
export type PermissionScope = (typeof SCOPES)[number];
