package dev.filigree.testing;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/**
 * Finds what a module offers without a Javadoc comment: public and protected types, methods,
 * constructors, fields and enum constants of public types. Overrides need none, and a record's
 * components and canonical constructor are documented by its parameters. Sources are parsed, not
 * compiled.
 */
public final class DocumentedApi {
  private final DocTrees comments;
  private final CompilationUnitTree unit;
  private final List<String> missing = new ArrayList<>();

  private DocumentedApi(DocTrees comments, CompilationUnitTree unit) {
    this.comments = comments;
    this.unit = unit;
  }

  /** The undocumented members below a source folder, {@code Type.member} each, sorted. */
  public static List<String> undocumented(Path sources) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (var manager = compiler.getStandardFileManager(null, null, null);
        Stream<Path> walk = Files.walk(sources)) {
      List<Path> files =
          walk.filter(path -> path.toString().endsWith(".java"))
              .filter(path -> !path.endsWith("package-info.java"))
              .toList();
      var task =
          (JavacTask)
              compiler.getTask(
                  null, manager, null, null, null, manager.getJavaFileObjectsFromPaths(files));
      List<String> all = new ArrayList<>();
      for (CompilationUnitTree unit : task.parse()) {
        var api = new DocumentedApi(DocTrees.instance(task), unit);
        unit.getTypeDecls().forEach(type -> api.visit(new TreePath(unit), "", type, false));
        all.addAll(api.missing);
      }
      return all.stream().sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void visit(TreePath parent, String prefix, Tree tree, boolean always) {
    var path = new TreePath(parent, tree);
    switch (tree) {
      case ClassTree type when isOpen(type.getModifiers(), always) -> {
        String name = prefix + type.getSimpleName();
        check(path, name);
        boolean open = type.getKind() == Tree.Kind.INTERFACE;
        type.getMembers().forEach(member -> visit(path, name + ".", member, open));
      }
      case MethodTree method when isOpen(method.getModifiers(), always) -> {
        boolean overrides =
            method.getModifiers().getAnnotations().stream()
                .anyMatch(each -> each.getAnnotationType().toString().equals("Override"));
        if (!overrides && !isCanonical(parent.getLeaf(), method)) {
          check(path, prefix + method.getName());
        }
      }
      case VariableTree field when isOpen(field.getModifiers(), always) ->
          check(path, prefix + field.getName());
      default -> {}
    }
  }

  private static boolean isOpen(ModifiersTree modifiers, boolean always) {
    return (always && !modifiers.getFlags().contains(Modifier.PRIVATE))
        || modifiers.getFlags().contains(Modifier.PUBLIC)
        || modifiers.getFlags().contains(Modifier.PROTECTED);
  }

  /** Whether a constructor takes a record's components: a compact one looks the same, parsed. */
  private static boolean isCanonical(Tree owner, MethodTree method) {
    return owner instanceof ClassTree type
        && type.getKind() == Tree.Kind.RECORD
        && method.getName().contentEquals("<init>")
        && names(method.getParameters()).equals(names(type.getMembers()));
  }

  private static List<String> names(List<? extends Tree> trees) {
    return trees.stream()
        .filter(VariableTree.class::isInstance)
        .map(VariableTree.class::cast)
        .filter(variable -> !variable.getModifiers().getFlags().contains(Modifier.STATIC))
        .map(variable -> variable.getName().toString())
        .toList();
  }

  private void check(TreePath path, String name) {
    if (comments.getDocCommentTree(path) == null) {
      missing.add(unit.getPackageName() + "." + name);
    }
  }
}
