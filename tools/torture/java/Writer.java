import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import org.apache.log4j.LogManager;
import org.apache.log4j.Logger;

/** Logs numbered lines at a steady rate: args are lines, lines a second, and what stands before the time in each. */
public class Writer {
    public static void main(String[] args) {
        long lines = Long.parseLong(args[0]), rate = Long.parseLong(args[1]);
        String text = args[2];
        Thread.currentThread().setName("http-nio-8080-exec-7");
        Logger log = Logger.getLogger("c.a.j.torture");
        long began = System.nanoTime();
        for (long i = 0; i < lines; LockSupport.parkNanos(1_000_000)) {
            long due = Math.min(lines, (System.nanoTime() - began) / 1000 * rate / 1_000_000 + 1);
            for (; i < due; i++) {
                Instant now = Instant.now();
                long at = now.getEpochSecond() * 1_000_000_000L + now.getNano();
                log.info(text + " at=" + at + " seq=" + Long.toString(10_000_000_000L + i).substring(1));
            }
        }
        LogManager.shutdown();
        System.out.println(lines);
    }
}
