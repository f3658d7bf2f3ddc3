package dev.filigree.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The default of a record component whose key is missing, written as in a file. */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
public @interface Default {
  /** The value in YAML, such as {@code 1e-4}, {@code false} or {@code cos}. */
  String value();
}
