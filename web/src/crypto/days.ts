/** For how long an organisation vouches for its keys. */

export const DAY = 86_400;
export const ADMIN_DAYS = 365;
export const TEAM_DAYS = 14;
export const STAFF_DAYS = 90;
export const RECOVERY_DAYS = 3_650;
