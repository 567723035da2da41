// Tells the sign-in which time zone this device is in, for somebody's first visit; later their own choice on the account page counts.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const secure = location.protocol === "https:" ? "; Secure" : "";
if (zone) document.cookie = `studium_time_zone=${zone}; Path=/; Max-Age=86400; SameSite=Lax${secure}`;
