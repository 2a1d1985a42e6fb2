// The clock of this device proposes the store's time zone; whoever types another one is right.
const field = document.getElementById("time_zone");
if (field && !field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
