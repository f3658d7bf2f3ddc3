import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.jar.JarInputStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;

/**
 * Checks a bundle against what Maven Central's portal demands: the layout of a repository, a POM,
 * jar, sources and Javadoc of everything, checksums and signatures, and what POMs must say. The
 * argument is the zip; every fault is a line, and the exit status is 1 when there are any.
 */
class CheckBundle {
  private static final String GROUP = "dev/filigree";
  private static final List<String> JARS =
      List.of("kernels", "cuda", "core", "sparsity", "zoo", "bench", "cli");
  private static final List<String> DEMANDED =
      List.of(
          "name",
          "description",
          "url",
          "licenses/license/name",
          "licenses/license/url",
          "developers/developer/name",
          "scm/connection",
          "scm/url");
  private static final Map<String, String> CHECKSUMS = Map.of("md5", "MD5", "sha1", "SHA-1");

  private final List<String> faults = new ArrayList<>();
  private final TreeSet<String> seen = new TreeSet<>();
  private final Path root;

  private CheckBundle(Path root) {
    this.root = root;
  }

  public static void main(String[] arguments) throws Exception {
    try (FileSystem zip = FileSystems.newFileSystem(Path.of(arguments[0]))) {
      var check = new CheckBundle(zip.getPath("/"));
      check.run();
      check.faults.forEach(fault -> System.err.println("fault: " + fault));
      System.out.println(check.seen.size() + " files, " + check.faults.size() + " faults");
      System.exit(check.faults.isEmpty() ? 0 : 1);
    }
  }

  private void run() throws Exception {
    Path parent = folder("filigree");
    if (parent == null) {
      return;
    }
    String version = parent.getFileName().toString();
    if (version.endsWith("-SNAPSHOT")) {
      faults.add("the version " + version + " is a snapshot's: build/release VERSION");
    }
    Document parentPom = pom(parent, "filigree", null);
    Path bom = folder("filigree-bom");
    if (bom != null) {
      Document pom = pom(bom, "filigree-bom", null);
      for (String name : JARS) {
        String path =
            "/project/dependencyManagement/dependencies/dependency[artifactId='filigree-%s']/version";
        String managed = text(pom, path.formatted(name)).replace("${project.version}", version);
        expect(managed, version, "filigree-bom: version of filigree-" + name);
      }
      expect(
          text(pom, "count(//dependencyManagement//dependency)"),
          "" + JARS.size(),
          "filigree-bom: entries");
    }
    for (String name : JARS) {
      Path folder = folder("filigree-" + name);
      if (folder != null) {
        expect(folder.getFileName().toString(), version, "version of filigree-" + name);
        String base = "filigree-" + name;
        pom(folder, base, parentPom);
        jar(folder, base, "", ".class", "dev.filigree." + name);
        jar(folder, base, "-sources", ".java", null);
        jar(folder, base, "-javadoc", ".html", null);
      }
    }
    try (Stream<Path> all = Files.walk(root)) {
      all.filter(Files::isRegularFile)
          .map(Path::toString)
          .filter(file -> !seen.contains(file))
          .forEach(file -> faults.add("nobody asked for " + file));
    }
  }

  /** The folder of the only version of an artifact. */
  private Path folder(String artifact) throws IOException {
    Path above = root.resolve(GROUP).resolve(artifact);
    if (!Files.isDirectory(above)) {
      faults.add("no folder " + above);
      return null;
    }
    try (Stream<Path> versions = Files.list(above)) {
      List<Path> all = versions.toList();
      if (all.size() != 1) {
        faults.add("one version expected in " + above + ", found " + all);
      }
      return all.getFirst();
    }
  }

  private Document pom(Path folder, String base, Document parent) throws Exception {
    byte[] bytes = file(folder, base, "", "pom");
    var factory = DocumentBuilderFactory.newInstance();
    Document pom = factory.newDocumentBuilder().parse(new ByteArrayInputStream(bytes));
    for (String element : DEMANDED) {
      String path = "/project/" + element;
      String value = text(pom, path);
      if (value.isBlank() && parent != null && !element.equals("name")) {
        value = text(parent, path); // inherited
      }
      value = resolved(value, parent == null ? pom : parent);
      if (value.isBlank()) {
        faults.add(base + ".pom has no " + element);
      } else if (value.contains("set-at-release") || value.contains("${")) {
        faults.add(
            base + ".pom: " + element + " is '" + value + "': build/release VERSION URL SCM");
      }
    }
    return pom;
  }

  private String resolved(String value, Document pom) throws Exception {
    String result = value;
    for (String name : List.of("filigree.url", "filigree.scm")) {
      String property = text(pom, "/project/properties/*[name()='" + name + "']");
      result = result.replace("${" + name + "}", property.isEmpty() ? "${" + name + "}" : property);
    }
    return result;
  }

  private void jar(Path folder, String base, String classifier, String content, String module)
      throws Exception {
    byte[] bytes = file(folder, base, classifier, "jar");
    boolean found = false;
    try (var jar = new JarInputStream(new ByteArrayInputStream(bytes))) {
      if (module != null) {
        var manifest = jar.getManifest();
        String name =
            manifest == null
                ? null
                : manifest.getMainAttributes().getValue("Automatic-Module-Name");
        expect("" + name, module, base + ": Automatic-Module-Name");
      }
      for (var entry = jar.getNextEntry(); entry != null; entry = jar.getNextEntry()) {
        found |= entry.getName().endsWith(content);
      }
    }
    if (!found) {
      faults.add(base + classifier + ".jar has no " + content);
    }
  }

  /** A file's content, after its checksums and signature. Snapshots have a time in their name. */
  private byte[] file(Path folder, String base, String classifier, String type) throws Exception {
    String pattern = base + "-[0-9][0-9A-Za-z.]*(-[0-9A-Z.-]+)?" + classifier + "[.]" + type;
    List<Path> matching;
    try (Stream<Path> files = Files.list(folder)) {
      matching = files.filter(file -> file.getFileName().toString().matches(pattern)).toList();
    }
    if (matching.size() != 1) {
      faults.add("one file " + pattern + " expected in " + folder + ", found " + matching);
      return new byte[0];
    }
    Path file = matching.getFirst();
    seen.add(file.toString());
    byte[] bytes = Files.readAllBytes(file);
    for (var checksum : CHECKSUMS.entrySet()) {
      checksum(file, bytes, checksum.getKey(), checksum.getValue());
    }
    Path signature = beside(file, "asc");
    if (Files.exists(signature)) {
      seen.add(signature.toString());
      byte[] signed = Files.readAllBytes(signature);
      for (var checksum : CHECKSUMS.entrySet()) {
        if (Files.exists(beside(signature, checksum.getKey()))) {
          checksum(signature, signed, checksum.getKey(), checksum.getValue());
        }
      }
    } else {
      faults.add(file + " is not signed: give -Dgpg.keyname=KEY");
    }
    return bytes;
  }

  private void checksum(Path file, byte[] bytes, String extension, String algorithm)
      throws Exception {
    Path sum = beside(file, extension);
    if (!Files.exists(sum)) {
      faults.add(file + " has no ." + extension);
      return;
    }
    seen.add(sum.toString());
    String actual = HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
    expect(Files.readString(sum).strip(), actual, sum.toString());
  }

  private static Path beside(Path file, String extension) {
    return file.resolveSibling(file.getFileName() + "." + extension);
  }

  private void expect(String found, String expected, String what) {
    if (!found.equals(expected)) {
      faults.add(what + ": expected " + expected + ", found " + found);
    }
  }

  private static String text(Document document, String path) throws Exception {
    return XPathFactory.newInstance().newXPath().evaluate(path, document);
  }
}
