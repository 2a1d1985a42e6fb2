// Signed out: nobody's card stays on this device.
import { wipe } from "./app.js";

wipe();
