// Says something to a worker as another user, and prints its answer, or that it closed the connection. Arguments: socket, uid.
import { createConnection } from "node:net";
import { createInterface } from "node:readline";

const [path = "", user = "0"] = process.argv.slice(2);
process.setgroups?.([]);
process.setgid?.(Number(user));
process.setuid?.(Number(user));
const socket = createConnection(path);
let answer = "closed";
socket.on("error", () => {});
createInterface({ input: socket })
  .on("line", (line) => {
    answer = line;
    socket.destroy();
  })
  .on("error", () => {});
socket.on("close", () => console.log(answer));
socket.write('{"op":"list","id":1,"library":"x"}\n');
