//! From text to one statement that only reads.

use crate::error::SqlError;
use crate::limits::{LINKS_MAX, NESTING_MAX};
use datafusion::common::DataFusionError;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{self, SetExpr};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// Parses `sql`, which must hold exactly one reading statement.
pub(crate) fn parse(sql: &str) -> Result<Statement, SqlError> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql)
        .tokenize_with_location()
        .map_err(|error| wrong(ParserError::from(error).into()))?;
    if links(&tokens) > LINKS_MAX {
        return Err(SqlError::Wrong {
            message: format!("the statement has more than {LINKS_MAX} operators and keywords"),
        });
    }
    let first_word = first_word(&tokens);
    let parsed = DFParserBuilder::new(tokens)
        .with_dialect(&GenericDialect {})
        .with_recursion_limit(NESTING_MAX)
        .build()
        .and_then(|mut parser| parser.parse_statements());
    let refused = || SqlError::NotReadOnly { statement: first_word.to_ascii_uppercase() };
    let mut statements = match parsed {
        Ok(statements) => statements,
        // A writing statement that this parser does not even know is still that.
        Err(_)
            if !first_word.is_empty() && !READING.contains(&&*first_word.to_ascii_uppercase()) =>
        {
            return Err(match is_keyword(&first_word) {
                true => refused(),
                false => wrong_text(format!("a statement does not begin with {first_word:?}")),
            });
        }
        Err(error) => return Err(wrong(error)),
    };
    let statement = statements.pop_front().ok_or_else(|| wrong_text("there is no statement"))?;
    if !statements.is_empty() {
        return Err(wrong_text("only one statement at a time is answered"));
    }
    if reads(&statement) { Ok(statement) } else { Err(refused()) }
}

/// What a reading statement can begin with.
const READING: &[&str] =
    &["SELECT", "WITH", "VALUES", "FROM", "TABLE", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "("];

fn wrong(error: DataFusionError) -> SqlError {
    SqlError::from_engine(error, 0)
}

fn wrong_text(message: impl Into<String>) -> SqlError {
    SqlError::Wrong { message: message.into() }
}

fn first_word(tokens: &[TokenWithSpan]) -> String {
    let mut tokens = tokens.iter().map(|token| &token.token);
    let first = tokens.find(|token| !matches!(token, Token::Whitespace(_)));
    first.map(|token| token.to_string().chars().take(40).collect()).unwrap_or_default()
}

fn is_keyword(word: &str) -> bool {
    datafusion::sql::sqlparser::keywords::ALL_KEYWORDS
        .binary_search(&word.to_ascii_uppercase().as_str())
        .is_ok()
}

/// What can make a statement one level deeper; lists and literals do not.
fn links(tokens: &[TokenWithSpan]) -> usize {
    tokens.iter().filter(|token| is_link(&token.token)).count()
}

fn is_link(token: &Token) -> bool {
    match token {
        Token::Word(word) => !matches!(
            word.keyword,
            Keyword::NoKeyword | Keyword::NULL | Keyword::TRUE | Keyword::FALSE | Keyword::AS
        ),
        Token::Whitespace(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::EOF => false,
        _ => true,
    }
}

/// By a list of what is allowed; the plan is checked once more before it runs.
fn reads(statement: &Statement) -> bool {
    match statement {
        Statement::Explain(explain) => reads(&explain.statement),
        Statement::Statement(statement) => reads_sql(statement),
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => false,
    }
}

fn reads_sql(statement: &ast::Statement) -> bool {
    use ast::Statement as S;
    match statement {
        S::Query(query) => reads_query(query),
        S::Explain { statement, .. } => reads_sql(statement),
        S::ExplainTable { .. }
        | S::ShowTables { .. }
        | S::ShowColumns { .. }
        | S::ShowVariable { .. }
        | S::ShowFunctions { .. }
        | S::ShowCreate { .. } => true,
        _ => false,
    }
}

/// `WITH … INSERT` and the like are queries to the parser.
fn reads_query(query: &ast::Query) -> bool {
    let with = query.with.iter().flat_map(|with| &with.cte_tables);
    with.map(|cte| &*cte.query).all(reads_query) && reads_set(&query.body)
}

fn reads_set(set: &SetExpr) -> bool {
    match set {
        SetExpr::Select(select) => select.into.is_none(),
        SetExpr::Query(query) => reads_query(query),
        // Left-deep and long: walked in a loop.
        SetExpr::SetOperation { .. } => {
            let mut left = set;
            while let SetExpr::SetOperation { left: deeper, right, .. } = left {
                if !reads_set(right) {
                    return false;
                }
                left = deeper;
            }
            reads_set(left)
        }
        SetExpr::Values(_) | SetExpr::Table(_) => true,
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => false,
    }
}
