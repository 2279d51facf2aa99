import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.*;
import java.util.*;
import javax.net.ssl.*;

/**
 * A client as Jira is one. Each line on standard input is a request, its fields are separated by tabs; each answer ends
 * with a line that has only a full stop.
 *
 * get URL USER PASSWORD NAME=VALUE…: OK, or the exception with its causes, under these system properties and with the
 * login for proxies that is given.
 *
 * store FILE TYPE PASSWORD PEM…: writes a trust store of these certificates.
 */
class Client {
    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.println(System.getProperty("java.home") + "\n" + Runtime.version().feature() + "\n.");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] f = line.split("\t", -1);
            try {
                if (f[0].equals("store")) {
                    store(f);
                } else {
                    get(f);
                }
                out.println("OK");
            } catch (Exception e) {
                StringWriter trace = new StringWriter();
                e.printStackTrace(new PrintWriter(trace));
                out.print(trace);
            }
            out.println(".");
        }
    }

    static void get(String[] f) throws Exception {
        Properties before = (Properties) System.getProperties().clone();
        Authenticator.setDefault(f[2].isEmpty() ? null : new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(f[2], f[3].toCharArray());
            }
        });
        try {
            for (String property : Arrays.copyOfRange(f, 4, f.length)) {
                String[] p = property.split("=", 2);
                System.setProperty(p[0], p[1]);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init((KeyStore) null); // that of javax.net.ssl.trustStore
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            HttpsURLConnection c = (HttpsURLConnection) new URL(f[1]).openConnection();
            c.setSSLSocketFactory(context.getSocketFactory());
            c.setConnectTimeout(10000);
            c.setReadTimeout(10000);
            c.connect();
            c.getResponseCode();
        } finally {
            System.setProperties(before);
        }
    }

    static void store(String[] f) throws Exception {
        KeyStore store = KeyStore.getInstance(f[2]);
        store.load(null, null);
        for (String pem : Arrays.copyOfRange(f, 4, f.length)) {
            try (InputStream in = Files.newInputStream(Path.of(pem))) {
                store.setCertificateEntry(pem, CertificateFactory.getInstance("X.509").generateCertificate(in));
            }
        }
        try (OutputStream to = Files.newOutputStream(Path.of(f[1]))) {
            store.store(to, f[3].toCharArray());
        }
    }
}
